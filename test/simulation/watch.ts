import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection, RecoveryMessage, RefreshReply } from '../../lib/broker/ports.ts';
import { readRenewalCredential } from '../../lib/broker/renewal-credential.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { ConnectionChange, TokenChange } from './observed-stores.ts';
import type { ProviderModel } from './provider-model.ts';
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

interface Surroundings {
  readonly timeline: Timeline;
  readonly sealer: SealerModel;
  readonly providerOf: (key: string) => ProviderModel;
  /** By how much wall clocks may differ in this history. */
  readonly skewSeconds: number;
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
  const calls = callWatch(around, violate, superseded);
  let falseReauthorizations = 0;

  return {
    violations,
    violate,
    ...calls,
    falseReauthorizations: () => falseReauthorizations,
    connectionChanged: (change) => {
      const { key, method, before, after } = change;
      around.timeline.trace(`  ${method} ${key} ${describe(after)}`);
      assertFencesGrow(change, violate);
      if (!isLive(after)) return;
      keep(key, after.committedFence);
      noteCredential(around, { key, before, after, superseded });
      assertNotRevived(change, violate);
      assertGrantKept(around, change, violate);
      if (method === 'acquire') assertNotTooSoon(around, change, violate);
      if (method === 'markDead' && holdsValidCredential(around, key, after)) {
        falseReauthorizations += 1;
        violate('I6', `${key} is dead (${after.reason}) although its refresh token is valid`);
      }
    },
    tokenChanged: ({ key, method, before, after }) => {
      around.timeline.trace(`  ${method} token ${key} ${after?.state} ${after?.fence}`);
      if (before && after && after.fence < before.fence) {
        violate('I3', `${method} lowered the token fence of ${key}`);
      }
    },
    answerQueued: (message) => {
      keep(keyText(message), message.fence);
      const refreshToken = readRefreshToken(around, message.answer.credential?.sealed);
      markDurable(around.providerOf(keyText(message)), refreshToken);
    },
    replied: (key, { outcome, token }) => {
      if (!token || token.fence <= (durable.get(keyText(key)) ?? 0)) return;
      violate('I4', `${keyText(key)}: ${outcome} with fence ${token.fence}, which is nowhere`);
    },
  };
}

type Violate = Watch['violate'];

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

function assertFencesGrow({ key, method, before, after }: ConnectionChange, violate: Violate) {
  if (!before) return;
  const lowered = (name: string) => violate('I3', `${method} lowered ${name} of ${key}`);
  if (!after || after.fence < before.fence) return lowered('fence');
  if (!isLive(before) || !isLive(after)) return undefined;
  if (after.committedFence < before.committedFence) return lowered('committed_fence');
  if (after.credentialFence < before.credentialFence) return lowered('credential_fence');
  const isReplaced = after.sealedCredential !== before.sealedCredential;
  if (isReplaced && after.credentialFence === before.credentialFence) {
    violate('I3', `${method} replaced the credential of ${key} under one fence`);
  }
  if (method === 'commitLate' && after.committedFence === before.committedFence) {
    violate('I11', `${key}: an answer that was kept before changed the row again`);
  }
  return undefined;
}

function assertNotRevived({ key, method, before, after }: ConnectionChange, violate: Violate) {
  if (before && !isLive(before) && isLive(after) && method !== 'connect') {
    violate('I10', `${method} revived ${key}`);
  }
}

/** Only a reconnect replaces a grant; what an older grant still brings changes nothing. */
function assertGrantKept(
  around: Surroundings,
  { key, method, before, after }: ConnectionChange,
  violate: Violate,
): void {
  if (!isLive(before) || !isLive(after) || method === 'connect') return;
  const grantIn = (row: Connection) => {
    const refreshToken = readRefreshToken(around, row.sealedCredential);
    return refreshToken && around.providerOf(key).grantOf(refreshToken)?.id;
  };
  const [old, current] = [grantIn(before), grantIn(after)];
  if (old !== undefined && current !== undefined && current < old) {
    violate('I10', `${method} brought an older grant of ${key} back`);
  }
}

/** An attempt may not begin before the moment to which a failure has put it off. */
function assertNotTooSoon(around: Surroundings, { key, before }: ConnectionChange, violate: Violate) {
  if (!isLive(before) || before.state !== 'failing' || before.refreshAt === undefined) return;
  const early = before.refreshAt - around.nowAt() - 2 * around.skewSeconds;
  if (early > 6) violate('V3', `${key} is tried ${early} s before it is due`);
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

function holdsValidCredential(around: Surroundings, key: string, row: Connection): boolean {
  const refreshToken = readRefreshToken(around, row.sealedCredential);
  return refreshToken !== undefined && around.providerOf(key).accepts(refreshToken);
}

/** The refresh token in a sealed credential, as only the observer may read it. */
export function readRefreshToken(
  { sealer }: Pick<Surroundings, 'sealer'>,
  sealed: string | undefined,
): string | undefined {
  const content = sealed === undefined ? undefined : sealer.peek(sealed);
  if (content === undefined) return undefined;
  return readRenewalCredential(content).refreshToken?.reveal();
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
