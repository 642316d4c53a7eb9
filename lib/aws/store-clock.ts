import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock, EpochSeconds } from '../time.ts';

/** A wall clock that is set by the answers of our own store. */
export interface StoreClock extends Clock {
  /**
   * An invocation begins. Between two of them a container may be frozen, and only the machine's wall
   * clock knows for how long.
   */
  readonly resume: () => void;
  /**
   * Learns from one answer what time it is.
   *
   * @param answer.date - the `Date` header (RFC 9110 §6.6.1), whole seconds; anything else teaches
   *   nothing.
   * @param answer.sentMs - when the request was sent, on this clock's monotonic one.
   */
  readonly learn: (answer: { readonly date: string | undefined; readonly sentMs: number }) => void;
}

/** An answer that took longer tells little: the header may have been written at either end. */
const longestAnswerMs = 2000;

/**
 * A clock that agrees with everybody else's who uses the same store, whatever the machine's own
 * clock says: two workers whose clocks differ by minutes would otherwise not agree on when a lease
 * ends, and both would send one refresh token.
 *
 * It begins as the machine's clock. An answer moves it only as far as it must: the store wrote its
 * date, cut to the second, between the request and the answer. Within an invocation it goes by the
 * machine's monotonic clock, since a wall clock may be set at any moment, forward or back. From one
 * invocation to the next it goes by whichever of the two has gone further: the monotonic one may stand
 * still while a container is frozen.
 */
export function storeClock(machine: Clock): StoreClock {
  const mark = (atMs: number) => ({
    atMs,
    wallMs: machine.nowMs(),
    monotonicMs: machine.monotonicMs(),
  });
  let last = mark(machine.nowMs());
  const nowMs = () => Math.floor(last.atMs + machine.monotonicMs() - last.monotonicMs);
  return {
    monotonicMs: machine.monotonicMs,
    sleep: machine.sleep,
    nowMs,
    now: () => Math.floor(nowMs() / 1000) as EpochSeconds,
    resume: () => {
      last = mark(Math.max(nowMs(), last.atMs + machine.nowMs() - last.wallMs));
    },
    learn: ({ date, sentMs }) => {
      const dateMs = date === undefined ? Number.NaN : Date.parse(date);
      const tookMs = machine.monotonicMs() - sentMs;
      if (Number.isNaN(dateMs) || tookMs > longestAnswerMs) return;
      last = mark(Math.min(Math.max(nowMs(), dateMs), dateMs + 1000 + tookMs));
    },
  };
}

/** Lets a clock learn from every answer of a store, refusals included. */
export function setBy(client: DynamoDBClient, clock: StoreClock): StoreClock {
  client.middlewareStack.add(
    (next) => async (args) => {
      const sentMs = clock.monotonicMs();
      const result = await next(args);
      clock.learn({ date: dateOf(result.response), sentMs });
      return result;
    },
    { step: 'deserialize', name: 'storeClock', priority: 'low' },
  );
  return clock;
}

function dateOf(response: unknown): string | undefined {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string>> };
  return headers?.date;
}
