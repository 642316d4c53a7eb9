/**
 * The one wrapper of every function behind an IAM route.
 *
 * @module
 */
import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { type AccessPolicy, type Action, isAllowed, mayList } from '../broker/access-policy.ts';
import { Fault } from '../fault.ts';
import type { FunctionLog } from '../log.ts';
import { type Problem, reportFailure } from '../problem.ts';

/** A request whose caller API Gateway has identified. */
export interface IamRequest {
  readonly pathParameters: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /**
   * The body as JSON, untrusted.
   *
   * @param absent - what an empty body stands for; without it, an empty body is refused.
   * @throws `REQUEST_INVALID` when it is no JSON.
   */
  readonly body: (absent?: object) => unknown;
  /** Throws `ACCESS_DENIED` unless the policy lets the caller do this to `client/connection`. */
  readonly assertMay: (action: Action, connection: string) => void;
  /** Throws `ACCESS_DENIED` unless the caller may read at least some connections of this client. */
  readonly assertMayList: (client: string) => void;
  readonly mayRead: (connection: string) => boolean;
  /** Milliseconds left to the invocation. */
  readonly remainingMs: () => number;
}

type Respond = (request: IamRequest) => Promise<APIGatewayProxyStructuredResultV2>;

/** The events that arrive: API Gateway's, and whatever someone with invoke rights makes up. */
type Event = Partial<APIGatewayProxyEventV2> & {
  readonly requestContext?: { readonly authorizer?: { readonly iam?: { userArn?: unknown } } };
};

const mostBodyBytes = 64 * 1024;

/**
 * Makes a handler that answers each of its routes in JSON, refuses whoever API Gateway has not
 * identified, and turns every fault into the interface's words.
 *
 * @param routes - by route key, such as `GET /connections`.
 */
export function iamFunction(
  { log, policy }: { readonly log: FunctionLog; readonly policy: AccessPolicy },
  routes: Readonly<Record<string, Respond>>,
) {
  const respond = async (event: Event, context: Context) => {
    const callerArn = callerOf(event);
    const respondTo = Object.hasOwn(routes, event.routeKey ?? '')
      ? routes[event.routeKey ?? '']
      : undefined;
    if (!respondTo) throw new Fault('REQUEST_INVALID', { problems: ['there is no such route'] });
    return respondTo({
      pathParameters: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      body: (absent) => readBody(event, absent),
      assertMay: (action, connection) => {
        const allowed = isAllowed(policy, callerArn, { action, connection });
        log.info('access', { caller: callerArn, action, connection, allowed });
        if (!allowed) throw new Fault('ACCESS_DENIED', { action, connection });
      },
      assertMayList: (client) => {
        const allowed = mayList(policy, callerArn, client);
        log.info('access', { caller: callerArn, action: 'read', client, allowed });
        if (!allowed) throw new Fault('ACCESS_DENIED', { action: 'read' });
      },
      mayRead: (connection) => isAllowed(policy, callerArn, { action: 'read', connection }),
      remainingMs: () => context.getRemainingTimeInMillis(),
    });
  };
  return middy<Event, APIGatewayProxyStructuredResultV2>()
    .before(({ context }) => log.begin(context))
    .onError((request) => {
      request.response = problemResponse(reportFailure(log, request.error));
    })
    .handler(respond);
}

/** A JSON answer that no cache may keep (RFC 6749 §5.1). */
export function json(statusCode: number, body: object): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}

function problemResponse(problem: Problem): APIGatewayProxyStructuredResultV2 {
  const response = json(problem.status, problem);
  if (problem.retry_after === undefined) return response;
  const retryAfter = { 'retry-after': String(problem.retry_after) };
  return { ...response, headers: { ...response.headers, ...retryAfter } };
}

/** Who called, by API Gateway's word: an event without it did not come through an IAM route. */
function callerOf(event: Event): string {
  const arn = event?.requestContext?.authorizer?.iam?.userArn;
  if (typeof arn === 'string' && arn !== '') return arn;
  throw new Fault('ACCESS_DENIED', { action: 'invoke' });
}

function readBody({ body, isBase64Encoded }: Event, absent: object | undefined): unknown {
  const refuse = (problem: string) => new Fault('REQUEST_INVALID', { problems: [problem] });
  if (!body && absent) return absent;
  if (!body) throw refuse('the body must be a JSON object; it is empty');
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  if (Buffer.byteLength(text) > mostBodyBytes) throw refuse('the body must be at most 64 KB');
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('the body must be a JSON object; it is not JSON');
  }
}
