/**
 * What has become of connections in the end, by the broker's word and by the provider's.
 *
 * @module
 */
import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { systemClock } from '../../lib/time.ts';
import {
  type Clocked,
  type ConnectionName,
  isProper,
  moveClocks,
  readConnection,
  type Vend,
  vend,
} from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { inParallel } from '../stack/in-parallel.ts';
import type { TokenCall } from '../stack/provider-control.ts';
import type { Stack } from '../stack/start-stack.ts';
import { nowSeconds, pass } from '../stack/waiting.ts';

/** The end of one connection. */
export interface Fate {
  readonly name: ConnectionName;
  /** Alive: the last vended token is the one that the provider takes. */
  readonly fate: 'alive' | 'lost' | 'unsettled';
  /** Of a lost one: what the broker says. */
  readonly reason?: string;
  /** Whether the provider has ended the grant. */
  readonly revoked: boolean;
  /** Every answer that the callers got on the way. */
  readonly vends: readonly Vend[];
}

export interface Judges {
  readonly vending: readonly Child[];
  readonly connections: readonly Child[];
  /** How long they ask on, in seconds. */
  readonly limitSeconds: number;
}

const maxWaitSeconds = 10;

/** Asks for every connection's token until it comes, or until it is sure that none will. */
export function settleFates(
  stack: Stack,
  names: readonly ConnectionName[],
  judges: Judges,
): Promise<readonly Fate[]> {
  return inParallel([...names.entries()], 32, async ([index, name]) => {
    const { vending, connections, limitSeconds } = judges;
    const end = nowSeconds() + limitSeconds;
    const vends: Vend[] = [];
    for (;;) {
      vends.push(
        await vend(vending[(index + vends.length) % vending.length], name, maxWaitSeconds),
      );
      const [state] = await stack.provider.states([name.connection]);
      const { state: told, reason } = await readConnection(connections[0], name);
      const revoked = state?.access_token === undefined;
      const common = { name, revoked, vends };
      if (told === 'needs_reauth') return { ...common, fate: 'lost', reason: reason ?? 'unnamed' };
      const token = vends.at(-1)?.accessToken;
      if (token !== undefined && token === state?.access_token) return { ...common, fate: 'alive' };
      const { retryAfterSeconds = 0 } = vends.at(-1) ?? {};
      if (nowSeconds() + Math.min(retryAfterSeconds, limitSeconds) > end) {
        return { ...common, fate: 'unsettled' };
      }
      await pass(1);
    }
  });
}

/** The fates in figures. */
export function countFates(fates: readonly Fate[], quick: boolean) {
  const lost = fates.filter(({ fate }) => fate === 'lost');
  return {
    connections: fates.length,
    alive: fates.filter(({ fate }) => fate === 'alive').length,
    lost: lost.length,
    lost_named_answer_lost: lost.filter(({ reason }) => reason === 'answer_lost').length,
    unsettled: fates.filter(({ fate }) => fate === 'unsettled').length,
    /** The broker says lost, and the provider would still have taken the refresh token. */
    lost_falsely: lost.filter(({ revoked }) => !revoked).length,
    callers_left_hanging: fates
      .flatMap(({ vends }) => vends)
      .filter((given) => !isProper(given, { maxWaitSeconds, quick })).length,
  };
}

/** What the provider saw of refresh tokens that were sent more than once. */
export function judgeCalls(calls: readonly TokenCall[]) {
  return {
    provider_calls: calls.length,
    sent_again: calls.length - new Set(calls.map(({ token }) => token)).size,
    sent_again_while_undecided: calls.filter(({ overlapped }) => overlapped).length,
  };
}

export interface Doubt {
  /** Everything whose clock has to move. */
  readonly clocked: readonly Clocked[];
  readonly vending: readonly Child[];
  /** When the first attempt began, on this process's monotonic clock. */
  readonly sinceMs: number;
  readonly leaseSeconds: number;
  /** How long access tokens may still serve: so long, nobody touches a refresh token in doubt. */
  readonly servesSeconds?: number;
}

const beforeSeconds = 10;

const mostRounds = 4;

/**
 * Settles connections whose refresh tokens are in doubt: sets the clocks forward past that, and once
 * more for those of which the broker has only then seen that they are.
 */
export async function settleDoubts(
  stack: Stack,
  names: readonly ConnectionName[],
  given: Doubt & Omit<Judges, 'limitSeconds'>,
): Promise<readonly Fate[]> {
  const stepSeconds = given.leaseSeconds + recoveryDelaySeconds + beforeSeconds;
  const fates = new Map<ConnectionName, Fate>();
  for (let round = 1; round <= mostRounds; round += 1) {
    const open = names.filter((name) => (fates.get(name)?.fate ?? 'unsettled') === 'unsettled');
    await moveClocks(given.clocked, (given.servesSeconds ?? 0) + round * stepSeconds);
    for (const found of await settleFates(stack, open, { ...given, limitSeconds: 15 })) {
      const vends = [...(fates.get(found.name)?.vends ?? []), ...found.vends];
      fates.set(found.name, { ...found, vends });
    }
  }
  return [...fates.values()];
}

/**
 * Sets the clocks forward to shortly before a refresh token in doubt may be sent again, and has
 * callers ask for every connection.
 *
 * @returns how many refresh tokens were sent again before it was safe.
 */
export async function approachDoubtsEnd(
  stack: Stack,
  names: readonly ConnectionName[],
  { clocked, vending, sinceMs, leaseSeconds }: Doubt,
): Promise<number> {
  const doubtSeconds = leaseSeconds + recoveryDelaySeconds;
  const elapsedSeconds = Math.ceil((performance.now() - sinceMs) / 1000);
  const aheadSeconds = Math.max(0, doubtSeconds - elapsedSeconds - beforeSeconds);
  const movedAtMs = systemClock.nowMs();
  await moveClocks(clocked, aheadSeconds);
  await inParallel([...names.entries()], 32, ([index, name]) =>
    vend(vending[index % vending.length], name, 1),
  );
  const [first] = names;
  const calls = await stack.provider.calls(first?.client ?? '');
  const gaps = [...Map.groupBy(calls, ({ token }) => token).values()].flatMap(([one, again]) => {
    if (!one || !again) return [];
    const moved = again.came_at_ms < movedAtMs ? 0 : aheadSeconds;
    return [(again.came_at_ms - one.came_at_ms) / 1000 + moved];
  });
  // Leases are counted in whole seconds.
  return gaps.filter((seconds) => seconds < doubtSeconds - 2).length;
}
