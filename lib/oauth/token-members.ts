import * as v from 'valibot';
import type { Definition } from '../providers/definition.ts';
import { readDuration, readInstant } from './expiry-values.ts';
import { firstValueAt } from './provider-body.ts';
import { invalidAnswer } from './unusable-answer.ts';

/**
 * A token answer as RFC 6749 §5.1 has it, with what this project reads beyond that: durations in
 * seconds, instants in epoch seconds, everything checked and bounded.
 */
export const tokenMembers = v.object({
  access_token: v.string(),
  token_type: v.string(),
  refresh_token: v.exactOptional(v.string()),
  scope: v.exactOptional(v.string()),
  expires_in: v.exactOptional(v.number()),
  expires_at: v.exactOptional(v.number()),
  created_at: v.exactOptional(v.number()),
  refresh_token_expires_in: v.exactOptional(v.number()),
  refresh_token_expires_at: v.exactOptional(v.number()),
  account_id: v.exactOptional(v.string()),
  values: v.record(v.string(), v.string()),
});

export type TokenMembers = v.InferOutput<typeof tokenMembers>;

/** A token of either kind: 1 byte to 16 KB of visible ASCII (RFC 6749 Appendix A.12, A.17). */
const tokenText = /^[\x21-\x7e]{1,16384}$/;
const scopeText = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const longestScope = 4096;
const longestValue = 1024;

/** The paths that {@link readTokenMembers} reads. */
export function tokenMemberPaths({ answer }: Definition): readonly string[] {
  const { unit: _, values, ...members } = answer;
  return [...Object.values(members), ...Object.values(values)].flatMap((paths) => paths ?? []);
}

/**
 * Copies out of a provider's answer what its definition says is there, and nothing else.
 *
 * @param members - a successful answer's body; untrusted.
 * @returns an object without prototype.
 * @throws {UnusableAnswer} `no_access_token`; `token_type` when it is not for bearers (RFC 6750);
 *   `malformed` when a token is not 1 byte to 16 KB of visible ASCII, or any text that is read has a line break.
 */
export function readTokenMembers(
  definition: Definition,
  members: object,
  httpStatus: number,
): TokenMembers {
  const { answer, scope } = definition;
  const at = (paths: readonly string[] | undefined) =>
    refuseLineBreaks(firstValueAt(members, paths), httpStatus);

  const accessToken = readToken(at(answer.access_token), httpStatus);
  if (accessToken === undefined) throw invalidAnswer('no_access_token', httpStatus);
  assertBearer(at(answer.token_type), httpStatus);

  const values = Object.entries(answer.values).map(([name, paths]) => [name, readText(at(paths))]);
  const found = {
    access_token: accessToken,
    token_type: 'Bearer',
    refresh_token: readToken(at(answer.refresh_token), httpStatus),
    scope: readScope(at(answer.scope), scope.separator),
    expires_in: readDuration(at(answer.expires_in), answer.unit),
    expires_at: readInstant(at(answer.expires_at)),
    created_at: readInstant(at(answer.created_at)),
    refresh_token_expires_in: readDuration(at(answer.refresh_token_expires_in), answer.unit),
    refresh_token_expires_at: readInstant(at(answer.refresh_token_expires_at)),
    account_id: readText(at(answer.account_id)),
    values: Object.fromEntries(values.filter(([, value]) => value !== undefined)),
  };
  const present = Object.entries(found).filter(([, value]) => value !== undefined);
  return Object.assign(Object.create(null), Object.fromEntries(present));
}

/** A line break has no place in anything that is read, and is how headers are forged. */
function refuseLineBreaks(value: unknown, httpStatus: number): unknown {
  const texts = [value].flat().filter((item) => typeof item === 'string');
  if (texts.some((text) => /[\r\n]/.test(text))) throw invalidAnswer('malformed', httpStatus);
  return value;
}

/** A token; undefined for anything that is not text, as with servers that send `false` for none. */
function readToken(value: unknown, httpStatus: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (!tokenText.test(value)) throw invalidAnswer('malformed', httpStatus);
  return value;
}

/** Bearer in any case (RFC 6749 §5.1), or nothing: some servers leave it out. */
function assertBearer(tokenType: unknown, httpStatus: number): void {
  if (tokenType === undefined) return;
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer') {
    throw invalidAnswer('token_type', httpStatus);
  }
}

/** The scope as RFC 6749 §3.3 has it; undefined when absent or not sayable in its alphabet. */
function readScope(value: unknown, separator: string): string | undefined {
  const list = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
  const joined = list.join(' ').replaceAll(separator, ' ');
  const scope = joined.trim().replace(/ +/g, ' ');
  return scope.length <= longestScope && scopeText.test(scope) ? scope : undefined;
}

/** A value to keep; undefined when it is none that can be shown on one line. */
function readText(value: unknown): string | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
  const text = String(value);
  const isKept = text.length <= longestValue && !/\p{Cc}/u.test(text) && text.isWellFormed();
  return isKept ? text : undefined;
}
