import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { concurrencyLimit } from './concurrency-limit.ts';
import { type Reply, type RunningServer, startHttpServer } from './http-server.ts';

export interface LambdaGatewayOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Address of the Lambda endpoint behind it, without a path. */
  readonly target: string;
  /** Names of the functions that exist; another name is answered as AWS would. */
  readonly functions: readonly string[];
  /** How many invocations of one function run at once; the rest wait in order. Default 8. */
  readonly concurrency?: number;
}

/** What Lambda itself takes in one synchronous invocation. */
const maxBodyBytes = 6 * 1024 * 1024;

const passedOn = ['x-amz-client-context', 'content-type'];
const passedBack = ['content-type', 'x-amz-function-error', 'x-amzn-errortype'];

/**
 * Starts the Lambda endpoint of the local stack: Invoke, in front of serverless-offline.
 *
 * serverless-offline starts one worker per invocation in flight, without a limit. This endpoint
 * lets a few of each function through at a time and queues the rest; functions do not wait for one
 * another, so one that invokes another cannot deadlock. It also accepts ARNs and partial ARNs, and
 * answers `InvocationType: Event` at once.
 *
 * @throws {Error} when the port is in use.
 */
export function startLambdaGateway(options: LambdaGatewayOptions): Promise<RunningServer> {
  const { port, target, functions, concurrency = 8 } = options;
  const limit = concurrencyLimit(concurrency);
  const known = new Set(functions);

  const invoke = async (name: string, request: IncomingMessage, body: Buffer): Promise<Reply> => {
    const place = limit.enter(name);
    await place.ready;
    try {
      return await forward(`${target}/2015-03-31/functions/${name}/invocations`, request, body);
    } finally {
      place.leave();
    }
  };

  return startHttpServer(
    (request, body) => {
      const name = readFunctionName(request);
      if (name === undefined)
        return refuse(404, 'UnknownOperationException', 'Only Invoke is here.');
      if (!known.has(name)) {
        return refuse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
      }
      switch (request.headers['x-amz-invocation-type']) {
        case 'Event':
          invoke(name, request, body).catch((error: unknown) => console.error(error));
          return { status: 202 };
        case 'DryRun':
          return { status: 204 };
        default:
          return invoke(name, request, body);
      }
    },
    { port, maxBodyBytes },
  );
}

/** The function that the path of an Invoke names: by name, ARN or partial ARN, with or without qualifier. */
function readFunctionName({ method, url = '' }: IncomingMessage): string | undefined {
  const given = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?|$)/.exec(url)?.[1];
  if (method !== 'POST' || given === undefined) return undefined;
  let text: string;
  try {
    text = decodeURIComponent(given);
  } catch {
    return undefined;
  }
  return /^(?:(?:arn:[^:]+:lambda:[^:]+:)?\d{12}:function:)?([\w-]+)(?::[\w$-]+)?$/.exec(text)?.[1];
}

async function forward(url: string, { headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: pickHeaders(headers, passedOn),
      body: new Uint8Array(body),
    });
  } catch {
    return refuse(503, 'ServiceException', 'The functions do not answer.');
  }
  const payload = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: {
      ...pickHeaders(Object.fromEntries(response.headers), passedBack),
      'x-amz-executed-version': '$LATEST',
    },
    // A handler that returns nothing answers `null` on AWS, and an empty body here.
    body: response.ok && payload.length === 0 ? 'null' : payload,
  };
}

function pickHeaders(
  headers: IncomingHttpHeaders | Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function refuse(status: number, type: string, message: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: JSON.stringify({ Type: 'User', Message: message }),
  };
}
