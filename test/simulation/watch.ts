import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection, RefreshReply } from '../../lib/broker/ports.ts';
import type { RecoveryMessage } from '../../lib/broker/queue-ports.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { ConnectionChange, TokenChange } from './observed-stores.ts';
import type { ProviderModel } from './provider-model.ts';
import { assertChange, holdsValidCredential, readRefreshToken } from './row-promises.ts';
import type { SealerModel } from './sealer-model.ts';
import type { Timeline } from './timeline.ts';

/** What is promised of every history, by its name in the list of invariants. */
export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'V1'
  | 'V2'
  | 'V3';

export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}

/** Looks on, and notes whatever must not happen. */
export interface Watch {
  readonly violations: readonly Violation[];
  readonly violate: (invariant: Invariant, detail: string) => void;
  readonly connectionChanged: (change: ConnectionChange) => void;
  readonly tokenChanged: (change: TokenChange) => void;
  /** A refresh token is sent. @returns to be called when the sender knows how it ended, or is dead. */
  readonly refreshTokenSent: (key: string, refreshToken: string) => () => void;
  readonly answerQueued: (message: RecoveryMessage) => void;
  readonly replied: (key: ConnectionKey, reply: RefreshReply) => void;
  readonly falseReauthorizations: () => number;
}

/** What an observer knows of the world. */
export interface Surroundings {
  readonly timeline: Timeline;
  readonly sealer: SealerModel;
  readonly providerOf: (key: string) => ProviderModel;
  readonly nowAt: () => number;
}

export function watch(around: Surroundings): Watch {
  const violations: Violation[] = [];
  const violate = (invariant: Invariant, detail: string) => {
    around.timeline.trace(`VIOLATION ${invariant} ${detail}`);
    violations.push({ invariant, detail });
  };
  const superseded = new Set<string>();
  const durable = new Map<string, number>();
  const keep = (key: string, fence: number) =>
    durable.set(key, Math.max(fence, durable.get(key) ?? 0));
  let falseReauthorizations = 0;

  return {
    violations,
    violate,
    ...callWatch(around, violate, superseded),
    falseReauthorizations: () => falseReauthorizations,
    connectionChanged: (change) => {
      const { key, method, before, after } = change;
      around.timeline.trace(`  ${method} ${key} ${describe(after)}`);
      assertChange(around, change, violate);
      if (!isLive(after)) return;
      keep(key, after.committedFence);
      noteCredential(around, { key, before, after, superseded });
      if (method !== 'markDead' || !holdsValidCredential(around, key, after)) return;
      falseReauthorizations += 1;
      violate('I6', `${key} is dead (${after.reason}) although its refresh token is valid`);
    },
    tokenChanged: (change) => noteToken(around, change, violate),
    answerQueued: (message) => {
      keep(keyText(message), message.fence);
      const refreshToken = readRefreshToken(around, message.answer.credential?.sealed);
      markDurable(around.providerOf(keyText(message)), refreshToken);
    },
    replied: (key, { outcome, token }) => {
      const isNowhere = token && token.fence > (durable.get(keyText(key)) ?? 0);
      if (isNowhere) violate('I4', `${keyText(key)}: ${outcome} with a token that is nowhere`);
    },
  };
}

export type Violate = Watch['violate'];

function noteToken(
  { timeline }: Surroundings,
  { key, method, before, after }: TokenChange,
  violate: Violate,
): void {
  timeline.trace(`  ${method} token ${key} ${after?.state} ${after?.fence}`);
  if (before && after && after.fence < before.fence) {
    violate('I3', `${method} lowered the token fence of ${key}`);
  }
}

function callWatch(
  { providerOf }: Surroundings,
  violate: Violate,
  superseded: ReadonlySet<string>,
): Pick<Watch, 'refreshTokenSent'> {
  const inFlight = new Map<string, number>();
  const rotatesStrictly = (key: string) =>
    !['none', 'grace'].includes(providerOf(key).rotationClass);
  return {
    refreshTokenSent: (key, refreshToken) => {
      if (superseded.has(refreshToken) && rotatesStrictly(key)) {
        violate('I1', `${key}: a refresh token was sent after its successor was committed`);
      }
      const others = inFlight.get(key) ?? 0;
      if (others > 0) violate('I2', `${key}: ${others + 1} provider calls in flight`);
      inFlight.set(key, others + 1);
      let ended = false;
      return () => {
        if (!ended) inFlight.set(key, (inFlight.get(key) ?? 1) - 1);
        ended = true;
      };
    },
  };
}

/** Marks the refresh token in the row durable, and those before it superseded. */
function noteCredential(
  around: Surroundings,
  seen: {
    readonly key: string;
    readonly before: ConnectionChange['before'];
    readonly after: Connection;
    readonly superseded: Set<string>;
  },
): void {
  const { key, before, after, superseded } = seen;
  if (isLive(before) && before.sealedCredential === after.sealedCredential) return;
  const provider = around.providerOf(key);
  const refreshToken = readRefreshToken(around, after.sealedCredential);
  markDurable(provider, refreshToken);
  for (let token = refreshToken; token !== undefined; ) {
    token = provider.rotationTo(token)?.from;
    if (token !== undefined) superseded.add(token);
  }
}

function markDurable(provider: ProviderModel, refreshToken: string | undefined): void {
  const rotation = refreshToken === undefined ? undefined : provider.rotationTo(refreshToken);
  if (rotation) rotation.isDurable = true;
}

function describe(row: ConnectionChange['after']): string {
  if (!isLive(row)) return `${row?.state} fence ${row?.fence}`;
  const { state, reason, fence, committedFence, credentialFence, intent, lease } = row;
  return [
    `${state}${reason ? ` (${reason})` : ''}`,
    `fences ${fence}/${committedFence}/${credentialFence}`,
    ...(lease ? [`lease until ${lease.until}`] : []),
    ...(intent ? [`intent ${intent.fence}`] : []),
    `due ${row.refreshAt}`,
  ].join(' ');
}
