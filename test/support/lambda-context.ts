import type { Context } from 'aws-lambda';

/** The context of an invocation that has 29 seconds left. */
export function aContext(overrides: Partial<Context> = {}): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'evergrant-local-a-function',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:evergrant-local-a-function',
    memoryLimitInMB: '512',
    awsRequestId: 'a-request',
    logGroupName: 'a-group',
    logStreamName: 'a-stream',
    getRemainingTimeInMillis: () => 29_000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
    ...overrides,
  };
}
