/**
 * The tokens of one connection over time: which one is kept, who asks for the next, and what the
 * answer is while nobody can ask.
 *
 * @module
 */
import type { Clock } from '../time.ts';
import type { AccessToken } from './access-token.ts';
import type { Patience, TimedToken } from './ask-broker.ts';
import { BrokerUnreachable, EvergrantError, TemporarilyUnavailable } from './evergrant-error.ts';
import {
  isEnough,
  isFresh,
  type KeptToken,
  keepToken,
  livingToken,
  type Wanted,
} from './kept-token.ts';

export interface KeeperPorts {
  /** @throws {EvergrantError} */
  readonly ask: (wanted: Wanted, patience: Patience) => Promise<TimedToken>;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** How long a token is kept at most, however long it lives. */
  readonly maxCacheSeconds: number;
}

/** Hands out the tokens of one connection. */
export interface TokenKeeper {
  /**
   * A token that is kept, or that the broker gives. Of any number of callers at once, one asks.
   *
   * @throws {EvergrantError} where there is none that lives; the same one for up to two seconds.
   */
  readonly take: (wanted: Wanted) => Promise<AccessToken>;
}

interface Keeper extends KeeperPorts {
  kept?: KeptToken | undefined;
  /** What the broker said last, which is not asked again until then, by the monotonic clock. */
  settled?: { readonly untilMs: number; readonly by: EvergrantError | undefined } | undefined;
  flight?: Flight | undefined;
}

/** A question that is under way. */
interface Flight {
  readonly wanted: Wanted;
  readonly landing: Promise<AccessToken>;
  /** After that, by the wall clock, it belongs to an invocation that Lambda stopped in the middle. */
  readonly overdueAtMs: number;
}

const settledMs = { least: 1000, most: 2000 };
/** Added to the time that the broker may take: its cold start, and the way there and back. */
const onTheWayMs = 3000;
/** Where a token is at hand that lives long enough, how long to wait for a better one. */
const spareWaitSeconds = 1;

export function tokenKeeper(ports: KeeperPorts): TokenKeeper {
  const keeper: Keeper = { ...ports };
  return {
    take: async (wanted) => {
      for (;;) {
        const token = tokenAtHand(keeper, wanted);
        if (token) return token;
        const flight = flightUnderWay(keeper) ?? takeOff(keeper, wanted);
        if (leadsTo(flight, wanted)) return flight.landing;
        await flight.landing.catch(() => undefined);
      }
    },
  };
}

function flightUnderWay({ flight, clock }: Keeper): Flight | undefined {
  return flight && clock.nowMs() < flight.overdueAtMs ? flight : undefined;
}

function tokenAtHand(keeper: Keeper, wanted: Wanted): AccessToken | undefined {
  const { clock, kept, settled, maxCacheSeconds } = keeper;
  const now = clock.nowMs();
  const living = livingToken(kept, wanted, now);
  if (living && isFresh(living, wanted, { now, maxCacheSeconds })) return living.token;
  if (!settled || clock.monotonicMs() >= settled.untilMs) return undefined;
  // The broker has just said, or just failed to say, that there is no better one.
  if (living && (settled.by || wanted.minTtlSeconds <= living.askedTtlSeconds)) return living.token;
  if (settled.by) throw settled.by;
  return undefined;
}

function takeOff(keeper: Keeper, wanted: Wanted): Flight {
  const now = keeper.clock.nowMs();
  const living = livingToken(keeper.kept, wanted, now);
  const mostWaitSeconds =
    living && isEnough(living, wanted, now) ? spareWaitSeconds : Number.POSITIVE_INFINITY;
  const maxWaitSeconds = Math.min(wanted.maxWaitSeconds, mostWaitSeconds);
  const patience = { tries: living ? 1 : 3, timeoutMs: maxWaitSeconds * 1000 + onTheWayMs };
  const isCurrent = (): boolean => keeper.flight === flight;
  const landing = keeper.ask({ ...wanted, maxWaitSeconds }, patience).then(
    (timed) => keep(keeper, wanted, timed),
    (error: unknown) => fail(keeper, wanted, { error, isCurrent: isCurrent() }),
  );
  const flight: Flight = { wanted, landing, overdueAtMs: now + patience.timeoutMs + onTheWayMs };
  keeper.flight = flight;
  const end = () => {
    if (isCurrent()) keeper.flight = undefined;
  };
  landing.then(end, end);
  return flight;
}

function keep(keeper: Keeper, wanted: Wanted, timed: TimedToken): AccessToken {
  const { clock, random } = keeper;
  keeper.kept = keepToken(timed, wanted, { now: clock.nowMs(), random: random() });
  settle(keeper, undefined);
  return timed.token;
}

/** While the broker cannot give a token, one that lives is the answer. */
function fail(
  keeper: Keeper,
  wanted: Wanted,
  { error, isCurrent }: { readonly error: unknown; readonly isCurrent: boolean },
): AccessToken {
  if (!(error instanceof EvergrantError)) throw error;
  if (isCurrent) settle(keeper, error);
  if (!isOutage(error)) keeper.kept = undefined;
  const living = livingToken(keeper.kept, wanted, keeper.clock.nowMs());
  if (living) return living.token;
  throw error;
}

function settle(keeper: Keeper, by: EvergrantError | undefined): void {
  const { least, most } = settledMs;
  const forMs = least + keeper.random() * (most - least);
  keeper.settled = { untilMs: keeper.clock.monotonicMs() + forMs, by };
}

/** Whether what is under way will be the answer to this as well. */
function leadsTo({ wanted: asked }: Flight, wanted: Wanted): boolean {
  const isOfSame = asked.rejected?.reveal() === wanted.rejected?.reveal();
  return isOfSame && asked.minTtlSeconds >= wanted.minTtlSeconds;
}

function isOutage(error: EvergrantError): boolean {
  return error instanceof BrokerUnreachable || error instanceof TemporarilyUnavailable;
}
