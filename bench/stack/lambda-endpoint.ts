import { type Reply, startHttpServer } from '../../local/http-server.ts';
import { postJson } from './json-call.ts';

/** A stand-in for Lambda's Invoke, in front of the workers. */
export interface LambdaEndpoint {
  readonly url: string;
  /** Adds a worker to a function's pool. Invocations are dealt out in turn. */
  readonly add: (functionName: string, workerUrl: string) => void;
  /** How often a function has been invoked through here. */
  readonly invocations: (functionName: string) => number;
  /** How many messages of a queue a function has given back, because they failed. */
  readonly givenBack: (functionName: string) => number;
  readonly close: () => Promise<void>;
}

/** A worker that dies under an invocation is a function error, as it is on Lambda. */
export async function startLambdaEndpoint(): Promise<LambdaEndpoint> {
  const pools = new Map<string, string[]>();
  const counts = new Map<string, number>();
  const failures = new Map<string, number>();

  const invoke = async (functionName: string, body: Buffer): Promise<Reply> => {
    const pool = pools.get(functionName) ?? [];
    const count = counts.get(functionName) ?? 0;
    counts.set(functionName, count + 1);
    const workerUrl = pool[count % pool.length];
    if (workerUrl === undefined) {
      return { status: 404, headers: { 'x-amzn-errortype': 'ResourceNotFoundException' } };
    }
    const event: unknown = JSON.parse(body.toString('utf8'));
    const answer = await postJson(`${workerUrl}/invoke`, event);
    const failed = answer === undefined || answer.failed;
    failures.set(functionName, (failures.get(functionName) ?? 0) + countReturned(answer?.body));
    return {
      status: 200,
      headers: failed ? { 'x-amz-function-error': 'Unhandled' } : {},
      body: JSON.stringify(answer?.body ?? { errorMessage: 'Runtime exited' }),
    };
  };

  const server = await startHttpServer(
    (request, body) => {
      const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '')?.[1];
      return name === undefined ? { status: 404 } : invoke(name, body);
    },
    { port: 0, maxBodyBytes: 6 * 1024 * 1024 },
  );
  return {
    ...server,
    add: (functionName, workerUrl) => {
      pools.set(functionName, [...(pools.get(functionName) ?? []), workerUrl]);
    },
    invocations: (functionName) => counts.get(functionName) ?? 0,
    givenBack: (functionName) => failures.get(functionName) ?? 0,
  };
}

/** How many messages of a batch were not done. */
function countReturned(answer: unknown): number {
  const { batchItemFailures = [] } = (answer ?? {}) as {
    readonly batchItemFailures?: readonly unknown[];
  };
  return batchItemFailures.length;
}
