import type { ProviderTrouble } from '../fault.ts';
import type { Definition, GrantType } from '../providers/definition.ts';
import { declaredError, errorPaths, statedError, unknownError } from './error-code.ts';
import { readDuration, readInstant } from './expiry-values.ts';
import { firstValueAt, type ProviderBody, parseProviderBody } from './provider-body.ts';
import { readRetryAfterSeconds } from './retry-after.ts';
import { readTokenMembers, tokenMemberPaths } from './token-members.ts';
import type { ProviderResponse } from './transport.ts';
import { UnusableAnswer } from './unusable-answer.ts';

/** What an answer is read by. */
export interface AnswerContext {
  readonly definition: Definition;
  /** Undefined where no grant is presented: at the revocation and introspection endpoints. */
  readonly grantType: GrantType | undefined;
  /** For a `Retry-After` that is a date. */
  readonly nowMs: number;
}

/**
 * Turns a provider's answer to a token request into one of RFC 6749: status 200 with the members
 * of §5.1, or 400 with an `error` of §5.2. Headers are not taken over; a `WWW-Authenticate` among
 * them would keep the body from being read.
 *
 * What the definition's `failures` say comes first, whatever the status; then the statuses that
 * are no answer at all; then the answer's own `error`, at any other status.
 *
 * @param response - untrusted.
 * @throws {UnusableAnswer} for what is neither, such as a redirect, 429, 5xx or a page of HTML.
 */
export function standardTokenResponse(
  response: ProviderResponse,
  context: AnswerContext,
): Response {
  const { definition } = context;
  const usedPaths = [...errorPaths(definition.failures), ...tokenMemberPaths(definition)];
  const body = parseProviderBody(response, usedPaths);
  const error = readError(response, body, context);
  if (error !== undefined) return refusal(error);
  if (body.members === undefined) throw unreadable(response, body.trouble, context);
  if (!isSuccess(response)) return refusal(unknownError);
  return success(readTokenMembers(definition, body.members, response.status));
}

/**
 * The same for the revocation endpoint, where a success has no body worth reading (RFC 7009 §2.2).
 */
export function standardRevocationResponse(
  response: ProviderResponse,
  context: AnswerContext,
): Response {
  const body = parseProviderBody(response, errorPaths(context.definition.failures));
  const error = readError(response, body, context);
  if (error !== undefined) return refusal(error);
  if (isSuccess(response)) return success({});
  if (body.members === undefined) throw unreadable(response, body.trouble, context);
  return refusal(unknownError);
}

/**
 * The same for the introspection endpoint: `active`, which counts as true where it is not told, and
 * `exp` where there is an end, as an instant (RFC 7662 §2.2).
 */
export function standardIntrospectionResponse(
  response: ProviderResponse,
  context: AnswerContext,
): Response {
  const { definition, nowMs } = context;
  const { active = [], exp = [], expires_in = [] } = definition.introspect?.answer ?? {};
  const usedPaths = [...errorPaths(definition.failures), ...active, ...exp, ...expires_in];
  const body = parseProviderBody(response, usedPaths);
  const error = readError(response, body, context);
  if (error !== undefined) return refusal(error);
  if (body.members === undefined) throw unreadable(response, body.trouble, context);
  if (!isSuccess(response)) return refusal(unknownError);
  const duration = readDuration(firstValueAt(body.members, expires_in), 'seconds');
  const endsAt =
    readInstant(firstValueAt(body.members, exp)) ??
    (duration === undefined ? undefined : Math.floor(nowMs / 1000) + duration);
  return success({
    active: String(firstValueAt(body.members, active) ?? true) === 'true',
    ...(endsAt !== undefined && { exp: endsAt }),
  });
}

/** The error that the answer amounts to; undefined when it states none. */
function readError(
  response: ProviderResponse,
  body: ProviderBody,
  context: AnswerContext,
): string | undefined {
  const { status } = response;
  const declared = declaredError(
    { failures: context.definition.failures, grantType: context.grantType },
    status,
    body,
  );
  if (declared === undefined) {
    const trouble = troubleOf(status);
    // At 425 and 429 the provider says that it did not look at the request (RFC 8470, RFC 6585).
    const undecided = status !== 425 && status !== 429;
    if (trouble !== undefined) throw unavailable(response, { trouble, undecided }, context);
  }
  const error = declared ?? (body.members && statedError(body.members));
  switch (error) {
    case 'slow_down':
      throw unavailable(response, { trouble: 'rate_limited', undecided: false }, context);
    case 'temporarily_unavailable':
      throw unavailable(response, { trouble: 'http_status', undecided: status >= 500 }, context);
    case 'server_error':
      throw unavailable(response, { trouble: 'http_status', undecided: true }, context);
    default:
      return error;
  }
}

/** Why an answer of this status is none, whatever its body says. */
function troubleOf(status: number): ProviderTrouble | undefined {
  if (status >= 300 && status < 400) return 'redirect';
  if (status === 429) return 'rate_limited';
  const isPassing = status === 408 || status === 425 || status >= 500 || status < 200;
  return isPassing ? 'http_status' : undefined;
}

function unreadable(
  response: ProviderResponse,
  trouble: ProviderTrouble,
  context: AnswerContext,
): UnusableAnswer {
  const isBare = response.body === '' && !isSuccess(response);
  const named = isBare ? 'http_status' : trouble;
  return unavailable(response, { trouble: named, undecided: true }, context);
}

function unavailable(
  response: ProviderResponse,
  kind: { readonly trouble: ProviderTrouble; readonly undecided: boolean },
  { nowMs }: AnswerContext,
): UnusableAnswer {
  const retryAfterSeconds = readRetryAfterSeconds(response.headers['retry-after'], nowMs);
  return new UnusableAnswer({
    outcome: 'unavailable',
    ...kind,
    httpStatus: response.status,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** 201 and the like are what some servers call the 200 of RFC 6749 §5.1. */
function isSuccess({ status }: ProviderResponse): boolean {
  return status >= 200 && status < 300;
}

/**
 * As much of a response as the protocol library reads of a success. A whole one takes a tenth of a
 * millisecond to make, in which the answer is not safe yet.
 */
function success(members: object): Response {
  return new Success(members) as Partial<Response> as Response;
}

const noHeaders = new Headers();

class Success implements Pick<Response, 'status' | 'ok' | 'headers' | 'bodyUsed' | 'json'> {
  readonly status = 200;
  readonly ok = true;
  readonly headers = noHeaders;
  readonly bodyUsed = false;
  readonly #members: object;

  constructor(members: object) {
    this.#members = members;
  }

  async json() {
    return this.#members;
  }

  /** By which the library knows a response that is of another realm. */
  get [Symbol.toStringTag]() {
    return 'Response';
  }
}

/** An error of RFC 6749 §5.2. */
function refusal(error: string): Response {
  const headers = { 'content-type': 'application/json' };
  return new Response(JSON.stringify({ error }), { status: 400, headers });
}
