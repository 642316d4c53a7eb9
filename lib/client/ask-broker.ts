import type { Clock } from '../time.ts';
import { AccessDenied, BrokerUnreachable } from './evergrant-error.ts';
import type { Transport, VendRequest } from './transport.ts';
import { readVendAnswer, type VendedToken } from './vend-answer.ts';

export interface AskPorts {
  readonly transport: Transport;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** How hard to try. */
export interface Patience {
  /** Tries in all. */
  readonly tries: number;
  /** For all of them together. */
  readonly timeoutMs: number;
}

/** A token, and when the try began that brought it. */
export interface TimedToken extends VendedToken {
  /** By the wall clock: Lambda may stop a process for hours, and the other clock with it. */
  readonly askedAtMs: number;
}

const firstPauseMs = 200;

/**
 * Asks the broker for a token. What did not reach it is tried again, with full jitter; what it
 * answered is its answer.
 *
 * @throws {EvergrantError}
 */
export async function askBroker(
  { transport, clock, random }: AskPorts,
  request: VendRequest,
  { tries, timeoutMs }: Patience,
): Promise<TimedToken> {
  const connection = `${request.client}/${request.connection}`;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const askedAtMs = clock.nowMs();
    const reply = await transport.ask(request, deadlineMs - clock.monotonicMs());
    if (reply.outcome === 'answered') {
      return { ...readVendAnswer(reply.message, request), askedAtMs };
    }
    if (reply.outcome === 'denied') throw mayNotAsk(connection);
    const pauseMs = random() * firstPauseMs * 4 ** (attempt - 1);
    const leftMs = deadlineMs - clock.monotonicMs() - pauseMs;
    if (!reply.mayRepeat || attempt >= tries || leftMs <= 0) {
      throw new BrokerUnreachable(connection, reply.reason);
    }
    await clock.sleep(pauseMs);
  }
}

function mayNotAsk(connection: string): AccessDenied {
  const message =
    'AWS does not let the caller ask; it needs lambda:InvokeFunction, or execute-api:Invoke';
  return new AccessDenied({ connection, message, code: 'access_denied' });
}
