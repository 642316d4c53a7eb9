/**
 * Turns a provider's answer into what is stored: sealed, scheduled, ready for one write.
 *
 * @module
 */
import type { ConnectionKey } from '../names.ts';
import type { TokenAnswer } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { fillTemplate, offersGrant } from '../providers/params.ts';
import type { EpochSeconds } from '../time.ts';
import type {
  Committed,
  Presentation,
  RenewalKind,
  Schedule,
  Sealer,
  StoredToken,
  Warning,
} from './ports.ts';
import {
  type RenewalCredential,
  renewalKinds,
  writeRenewalCredential,
} from './renewal-credential.ts';
import { buildSchedule, refreshNotBefore, renewalEndAnnouncedAt } from './schedule.ts';
import { sealToken } from './token-seal.ts';

export interface AnswerPorts {
  readonly sealer: Sealer;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** What is known of the connection that the answer is for. */
export interface AnswerContext extends ConnectionKey {
  readonly params: Readonly<Record<string, string>>;
  /** The scope in force if the answer is silent (RFC 6749 §5.1, §6). */
  readonly scope?: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Has all keys in memory that keeping an answer needs, so that afterwards only writes can fail.
 *
 * @throws {Fault} `KEY_RING_INVALID`, `STORE_UNAVAILABLE`
 */
export async function readySeals({ sealer }: Pick<AnswerPorts, 'sealer'>): Promise<void> {
  await Promise.all([sealer.ready('access_token'), sealer.ready('renewal')]);
}

/** The sealed token of an answer, as `vend` will read it. */
export async function buildStoredToken(
  { sealer }: AnswerPorts,
  client: Client,
  input: {
    readonly context: AnswerContext;
    readonly answer: TokenAnswer;
    readonly fence: number;
    readonly schedule: Schedule;
    readonly renewal: readonly RenewalKind[];
  },
): Promise<StoredToken> {
  const { context, answer, fence, schedule, renewal } = input;
  const { client: name, connection } = context;
  const scope = answer.scope ?? context.scope;
  const warning = renewalWarning(schedule, usable(client, renewal), answer);
  const apiBaseUrl = buildApiBaseUrl(client, context.params);
  const notBefore = refreshNotBefore(client.definition.lifetimes, schedule.accessTokenExpiresAt);
  const facts = {
    client: name,
    connection,
    fence,
    tokenType: answer.tokenType,
    obtainedAt: answer.obtainedAt,
    expirySource: schedule.expirySource,
    present: buildPresentation(client),
    values: { ...context.values, ...answer.values },
    ...(schedule.accessTokenExpiresAt !== undefined && {
      expiresAt: schedule.accessTokenExpiresAt,
    }),
    ...(schedule.refreshTokenExpiresAt !== undefined && {
      refreshTokenExpiresAt: schedule.refreshTokenExpiresAt,
    }),
    ...(notBefore !== undefined && { refreshNotBefore: notBefore }),
    ...(scope !== undefined && { scope }),
    ...(apiBaseUrl !== undefined && { apiBaseUrl }),
  };
  return {
    ...facts,
    state: 'active',
    sealed: await sealToken(sealer, facts, answer.accessToken),
    ...(warning && { warning }),
  };
}

/** The row for a connection that has no access token yet: the first refresh brings one. */
export function emptyToken(
  { client, connection, fence }: ConnectionKey & { readonly fence: number },
  obtainedAt: EpochSeconds,
): StoredToken {
  return {
    client,
    connection,
    fence,
    state: 'active',
    tokenType: 'Bearer',
    obtainedAt,
    expirySource: 'unknown',
    present: { in: 'header', name: 'Authorization', scheme: 'Bearer' },
    values: {},
  };
}

/** The lives of an answer's tokens, and when to refresh them. */
export function scheduleAnswer(
  { random }: AnswerPorts,
  client: Client,
  input: {
    readonly answer: TokenAnswer;
    readonly renewal: readonly RenewalKind[];
    /** Of the refresh token that stays in force, where the answer brings no other. */
    readonly refreshTokenExpiresAt?: EpochSeconds;
    /** The schedule as it was, where the same grant goes on. */
    readonly previous?: Schedule;
  },
): Schedule {
  const { answer } = input;
  const renewal = usable(client, input.renewal);
  const end = answer.refreshTokenExpiresAt ?? input.refreshTokenExpiresAt;
  return buildSchedule(
    {
      obtainedAt: answer.obtainedAt,
      expirySource: answer.expirySource,
      ...(answer.expiresAt !== undefined && { accessTokenExpiresAt: answer.expiresAt }),
      ...(end !== undefined && { refreshTokenExpiresAt: end }),
      ...(input.previous && { previous: input.previous }),
    },
    { lifetimes: client.definition.lifetimes, renewal },
    random(),
  );
}

/** A renewal credential, sealed under the fence of the answer that brought it. */
export async function sealCredential(
  { sealer }: AnswerPorts,
  binding: ConnectionKey & { readonly fence: number },
  credential: RenewalCredential,
): Promise<NonNullable<Committed['credential']>> {
  const { client, connection, fence } = binding;
  return {
    sealed: await sealer.seal(
      'renewal',
      { client, connection, fence },
      writeRenewalCredential(credential),
    ),
    renewal: renewalKinds(credential),
  };
}

/** How the provider's API wants the token (RFC 6750 §2): in one place, never in two. */
export function buildPresentation(client: Client): Presentation {
  const { token_in, header, query } = client.definition.api;
  return token_in === 'query'
    ? { in: 'query', name: query.name, scheme: '' }
    : { in: 'header', name: header.name, scheme: header.scheme };
}

function buildApiBaseUrl(client: Client, params: AnswerContext['params']): string | undefined {
  const template = client.definition.api.base_url;
  return template === undefined ? undefined : fillTemplate(client, params, template);
}

/** What the provider lets us renew with: a credential that it has no endpoint for is of no use. */
function usable(client: Client, renewal: readonly RenewalKind[]): readonly RenewalKind[] {
  return renewal.filter((kind) => offersGrant(client, kind));
}

function renewalWarning(
  schedule: Schedule,
  renewal: readonly RenewalKind[],
  answer: TokenAnswer,
): Warning | undefined {
  const since = renewalEndAnnouncedAt(schedule, renewal, answer.obtainedAt);
  return since === undefined ? undefined : { code: 'renewal_expiring', since };
}
