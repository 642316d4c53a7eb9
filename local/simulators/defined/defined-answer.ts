/**
 * Answers of a simulated provider in the words of its definition.
 *
 * @module
 */
import type { Definition, FailureRule, GrantType } from '../../../lib/providers/definition.ts';
import type { IssuedTokens } from '../grant-ledger.ts';
import { type CommonSettings, reportedExpiry } from '../settings.ts';
import { json, type Reply } from '../simulated-http.ts';

/** What a refusal means; the definition says how the provider puts it. */
export type Refusal = Exclude<FailureRule['means'], 'slow_down' | 'temporarily_unavailable'>;

/**
 * A token answer (RFC 6749 §5.1): each member at the first place at which the definition looks for it.
 */
export function grantedReply(
  { answer, grants }: Definition,
  tokens: IssuedTokens,
  settings: CommonSettings,
): Reply {
  const scale = answer.unit === 'milliseconds' ? 1000 : 1;
  const expiresIn = reportedExpiry(settings, tokens.expiresIn);
  const told = expiresIn === undefined ? undefined : expiresIn * scale;
  const refreshToken = grants.refresh_token ? tokens.refreshToken : undefined;
  const refreshEndsIn = refreshToken === undefined ? undefined : tokens.refreshExpiresIn;
  const members: readonly (readonly [readonly string[] | undefined, unknown])[] = [
    [answer.access_token, tokens.accessToken],
    [answer.token_type, 'Bearer'],
    [answer.expires_in, told],
    [answer.expires_at, told === undefined ? undefined : tokens.issuedAt + tokens.expiresIn],
    [answer.created_at, tokens.issuedAt],
    [answer.refresh_token, refreshToken],
    [
      answer.refresh_token_expires_in,
      refreshEndsIn === undefined ? undefined : refreshEndsIn * scale,
    ],
    [
      answer.refresh_token_expires_at,
      refreshEndsIn === undefined ? undefined : tokens.issuedAt + refreshEndsIn,
    ],
    [answer.account_id, tokens.accountId],
    ...Object.entries(answer.values).map(([name, paths]) => [paths, `demo-${name}`] as const),
  ];
  return json(200, buildBody(members.map(([paths, value]) => [paths?.[0], value])), 'granted');
}

/** A refusal (RFC 6749 §5.2), by the first rule of the definition that has this meaning. */
export function refusedReply(
  { failures }: Definition,
  means: Refusal,
  grantType?: GrantType,
): Reply {
  const rule = failures.find(
    (known) =>
      known.means === means &&
      (known.grant === undefined || (grantType !== undefined && known.grant.includes(grantType))),
  );
  const status = rule?.http_status?.[0] ?? (means === 'invalid_client' ? 401 : 400);
  const where = rule?.where;
  const body = where ? buildBody([[where.path, where.in[0]]]) : { error: means };
  return json(status, body, means);
}

type Tree = { [name: string]: unknown };

/** A body of values at dotted paths; what has no path or no value is left out. */
export function buildBody(
  members: readonly (readonly [path: string | undefined, value: unknown])[],
): object {
  const body: Tree = {};
  for (const [path, value] of members) {
    if (path === undefined || value === undefined) continue;
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const place = steps.reduce<Tree>((tree, step) => {
      tree[step] ??= {};
      return tree[step] as Tree;
    }, body);
    place[last] = value;
  }
  return withLists(body) as object;
}

/** Where every name is a number, as in `data.0.id`, a list is meant. */
function withLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, withLists(member)] as const);
  return entries.every(([name]) => /^\d+$/.test(name))
    ? entries.map(([, member]) => member)
    : Object.fromEntries(entries);
}
