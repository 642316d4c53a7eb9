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
import {
  type AccessPolicy,
  type Action,
  isAllowed,
  mayList,
  principalOf,
} from '../broker/access-policy.ts';
import type { VendDecision } from '../broker/audited-vend.ts';
import { Fault } from '../fault.ts';
import { answersBeforeTheEnd } from '../invocation-end.ts';
import type { AuditLine, FunctionLog } from '../log.ts';
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
  /** What the policy says of it, and who asks. Whoever takes this writes the line of the audit. */
  readonly decide: (action: Action, connection: string) => VendDecision;
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
    const caller = readCaller(log, event, context);
    const respondTo = Object.hasOwn(routes, event.routeKey ?? '')
      ? routes[event.routeKey ?? '']
      : undefined;
    if (!respondTo) throw new Fault('REQUEST_INVALID', { problems: ['there is no such route'] });
    return respondTo({
      pathParameters: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      body: (absent) => readBody(event, absent),
      ...permissions(log, policy, caller),
      remainingMs: () => context.getRemainingTimeInMillis(),
    });
  };
  return middy<Event, APIGatewayProxyStructuredResultV2>(answersBeforeTheEnd)
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

/** Who called, and how the log says it. */
interface Caller {
  readonly arn: string;
  readonly named: Pick<AuditLine, 'caller' | 'session' | 'apiRequestId'>;
}

/** Who called, by API Gateway's word: an event without it did not come through an IAM route. */
function readCaller(log: FunctionLog, event: Event, { functionName: reach }: Context): Caller {
  const arn = event?.requestContext?.authorizer?.iam?.userArn;
  if (typeof arn !== 'string' || arn === '') {
    log.audit({ reach, action: 'invoke', decision: 'denied' });
    throw new Fault('ACCESS_DENIED', { action: 'invoke' });
  }
  const caller = principalOf(arn);
  const session = caller === arn ? undefined : arn.slice(arn.lastIndexOf('/') + 1);
  const apiRequestId = event.requestContext?.requestId;
  return {
    arn,
    named: {
      caller,
      ...(session !== undefined && { session }),
      ...(typeof apiRequestId === 'string' && { apiRequestId }),
    },
  };
}

/** What a caller may do. Each decision leaves a line in the log, but for those about a list's rows. */
function permissions(
  log: FunctionLog,
  policy: AccessPolicy,
  { arn, named }: Caller,
): Pick<IamRequest, 'decide' | 'assertMay' | 'assertMayList' | 'mayRead'> {
  const may = (action: Action, connection: string) =>
    isAllowed(policy, arn, { action, connection });
  const assert = (allowed: boolean, action: Action, connection: string) => {
    log.audit({ ...named, action, connection, decision: allowed ? 'allowed' : 'denied' });
    if (!allowed) throw new Fault('ACCESS_DENIED', { action, connection });
  };
  return {
    decide: (action, connection) => ({ ...named, connection, isAllowed: may(action, connection) }),
    assertMay: (action, connection) => assert(may(action, connection), action, connection),
    assertMayList: (client) => assert(mayList(policy, arn, client), 'read', `${client}/*`),
    mayRead: (connection) => may('read', connection),
  };
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
