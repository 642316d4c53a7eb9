import type { Definition, FailureRule, GrantType } from '../providers/definition.ts';
import { type ProviderBody, valueAt } from './provider-body.ts';

/**
 * The error codes that are understood. What a provider writes in their place is not passed on,
 * since it may be anything, our own credentials among it.
 */
const knownCodes: readonly string[] = [
  // RFC 6749 §5.2
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  // RFC 6749 §4.1.2.1, answered by some token endpoints too
  'access_denied',
  'server_error',
  'temporarily_unavailable',
  // RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5, RFC 8707 §2
  'invalid_token',
  'insufficient_scope',
  'unsupported_token_type',
  'slow_down',
  'invalid_target',
  // OpenID Connect Core §3.1.2.6
  'interaction_required',
  'login_required',
  'consent_required',
];

/** Stands for every code that is not understood. */
export const unknownError = 'unknown_error';

/** What an answer is judged by, beside its own words. */
export interface FailureContext {
  readonly failures: Definition['failures'];
  /** Undefined at the revocation endpoint: rules of a grant do not hold there. */
  readonly grantType: GrantType | undefined;
}

/** The paths that {@link declaredError} and {@link statedError} read. */
export function errorPaths(failures: Definition['failures']): readonly string[] {
  const declared = failures.flatMap(({ where }) => (where ? [where.path] : []));
  const stated = errorMembers.flatMap((name) => [`error.${name}`, `error.0.${name}`]);
  return ['error', ...stated, ...declared];
}

/** What the definition says that this answer means; undefined when no rule of it holds. */
export function declaredError(
  context: FailureContext,
  httpStatus: number,
  body: ProviderBody,
): FailureRule['means'] | undefined {
  const { failures, grantType } = context;
  return failures.find(
    (rule) =>
      (rule.http_status?.includes(httpStatus) ?? true) &&
      (rule.grant === undefined || rule.grant.some((grant) => grant === grantType)) &&
      (rule.where === undefined || holds(rule.where, body)),
  )?.means;
}

function holds(where: NonNullable<FailureRule['where']>, body: ProviderBody): boolean {
  if (body.members === undefined) return false;
  const value = valueAt(body.members, where.path);
  // In a form-encoded answer every value is text.
  return where.in.some((candidate) => candidate === value || String(candidate) === value);
}

const errorMembers = ['code', 'type', 'error', 'name'] as const;

/**
 * The error code that an answer states in its `error` member: text as in RFC 6749 §5.2, or an
 * object or a list as with providers that have an API-wide error format.
 *
 * @returns a code of RFC 6749 or its extensions, {@link unknownError} for any other, undefined when
 *   there is no `error`, or an empty one.
 */
export function statedError(members: object): string | undefined {
  const stated = valueAt(members, 'error');
  const first: unknown = Array.isArray(stated) ? stated[0] : stated;
  if (first === undefined || first === null || first === false || first === 0) return undefined;
  if (typeof first === 'object') {
    if (Object.keys(first).length === 0) return undefined;
    const codes = errorMembers.map((name) => valueAt(first, name));
    return asKnownCode(codes.find((code) => typeof code === 'string'));
  }
  return asKnownCode(first);
}

function asKnownCode(code: unknown): string {
  const name = typeof code === 'string' ? code.trim().toLowerCase() : '';
  return knownCodes.includes(name) ? name : unknownError;
}
