import type { Context } from 'aws-lambda';

/**
 * The function as it was invoked: its name, and behind a colon the version or alias. Of a direct
 * invoker nothing else is known than that it may invoke this.
 */
export function reachOf({ functionName, invokedFunctionArn }: Context): string {
  // arn:aws:lambda:{region}:{account}:function:{name}[:{qualifier}]
  const qualifier = invokedFunctionArn.split(':')[7];
  return qualifier ? `${functionName}:${qualifier}` : functionName;
}
