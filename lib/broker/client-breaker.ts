/**
 * Leaves a provider alone that does not answer: one circuit breaker per client, in the client's own
 * row, so that all workers share it.
 *
 * ```text
 *   closed --(5 calls in a row without an answer)--> open --(30 s ... 5 min)--> half-open
 *     ^                                               ^                            |
 *     +-------- an answer, whatever it says ----------|-----------------------  one probe
 *                                                     +--- no answer: open twice as long
 * ```
 *
 * @module
 */
import { isFault } from '../fault.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { type EpochSeconds, later, type Seconds, seconds } from '../time.ts';
import type { ClientStatus } from './client-ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';

type Ports = Pick<RefreshPorts, 'clientStatus' | 'clock' | 'count' | 'log' | 'timing' | 'random'>;

/** So many calls in a row without an answer open the breaker. */
const mostTroubles = 5;
const firstOpenSeconds = 30;
const longestOpenSeconds = 300;
/** Those who were held back come again over so long a time after the breaker's. */
const spreadSeconds = 60;

/** Until when nothing is to be sent for this client; undefined when it may be called. */
export function breakerHolds(
  { clock, random }: Pick<Ports, 'clock' | 'random'>,
  { openUntil }: ClientStatus,
): EpochSeconds | undefined {
  if (openUntil === undefined || openUntil <= clock.now()) return undefined;
  return spread(openUntil, random);
}

/**
 * Takes the probe where the breaker is half-open.
 *
 * @returns until when to wait for another's probe; undefined when this one may call.
 */
export async function takeProbe(
  { clientStatus, clock, timing, random }: Ports,
  client: Client,
  { openUntil }: ClientStatus,
): Promise<EpochSeconds | undefined> {
  if (openUntil === undefined) return undefined;
  const now = clock.now();
  const until = later(now, timing.leaseSeconds);
  const taken = await clientStatus.takeProbe(client.name, { now, until });
  return taken === 'done' ? undefined : spread(until, random);
}

/**
 * Tells the breaker how a call ended. What our own store does not take is left: the next call tells
 * it again.
 *
 * @param called.status - the client's, as it was before the call.
 * @param called.at - when the call began.
 */
export async function tellBreaker(
  ports: Ports,
  client: Client,
  called: {
    readonly status: ClientStatus;
    readonly at: EpochSeconds;
    readonly outcome: TokenOutcome;
  },
): Promise<void> {
  const { status, outcome } = called;
  try {
    if (!isTrouble(outcome)) {
      if (status.troubles) await ports.clientStatus.closeBreaker(client.name);
      return;
    }
    const troubles = await ports.clientStatus.countTrouble(client.name, called.at);
    if (troubles === undefined || troubles < mostTroubles) return;
    await open(ports, client, openSeconds(troubles, retryAfterOf(outcome)));
  } catch (error) {
    if (!isFault(error)) throw error;
    const { code, context } = error;
    if (code !== 'STORE_UNAVAILABLE' && code !== 'ROW_INVALID') throw error;
    ports.log.warn('breaker_not_told', { client: client.name, code, context });
  }
}

async function open(ports: Ports, client: Client, duration: Seconds): Promise<void> {
  await ports.clientStatus.openBreaker(client.name, later(ports.clock.now(), duration));
  ports.count('breaker_opened', { provider: client.definition.name });
  ports.log.error('breaker_opened', {
    client: client.name,
    seconds: duration,
    advice: 'the provider does not answer; one call is tried after that time',
  });
}

/** The provider said nothing that can be understood. Whatever else it says, it is there. */
function isTrouble({ outcome }: TokenOutcome): boolean {
  return outcome === 'unavailable' || outcome === 'answer_invalid';
}

function retryAfterOf(outcome: TokenOutcome): number {
  return outcome.outcome === 'unavailable' ? (outcome.retryAfterSeconds ?? 0) : 0;
}

/** Twice as long with each probe that fails, and no less than the provider asks for. */
function openSeconds(troubles: number, retryAfterSeconds: number): Seconds {
  const doubled = firstOpenSeconds * 2 ** (troubles - mostTroubles);
  return seconds(Math.min(Math.max(doubled, Math.ceil(retryAfterSeconds)), longestOpenSeconds));
}

function spread(from: EpochSeconds, random: () => number): EpochSeconds {
  return later(from, seconds(Math.ceil(random() * spreadSeconds)));
}
