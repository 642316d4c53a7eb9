import { describe, expect, it } from 'vitest';
import type {
  RecoveryMessage,
  RecoveryQueue,
  RefreshQueue,
  RevocationMessage,
  RevocationQueue,
} from '../../lib/broker/queue-ports.ts';
import { aCommitted, aKey, aStoredToken, at } from '../support/connections.ts';
import type { SentRefresh } from '../support/memory-queues.ts';
import { without } from '../support/without.ts';

/** A queue, and what a reader of its other end finds, translated back. */
export interface QueueUnderTest<Queue, Message> {
  readonly queue: Queue;
  readonly sent: () => Promise<readonly Message[]>;
}

/** What is due at one moment, of lane 0 unless said otherwise. */
export function aRefresh(connection: string, overrides: Partial<SentRefresh> = {}): SentRefresh {
  return { ...aKey(connection), refreshAt: at(0), lane: 0, ...overrides };
}

const byConnection = (one: SentRefresh, other: SentRefresh) =>
  one.connection < other.connection ? -1 : 1;

/** The promises of `RefreshQueue`. */
export function refreshQueueContract(
  name: string,
  emptyQueue: () => Promise<QueueUnderTest<RefreshQueue, SentRefresh>>,
): void {
  describe(`RefreshQueue: ${name}`, () => {
    it.each([0, 1, 10, 11, 25])('sends all of %i messages', async (length) => {
      const { queue, sent } = await emptyQueue();
      const messages = Array.from({ length }, (_, index) =>
        aRefresh(`c${index}`, { lane: index % 4 }),
      );

      await queue.send(messages);

      expect((await sent()).toSorted(byConnection)).toEqual(messages.toSorted(byConnection));
    });

    it('keeps one lane in order', async () => {
      const { queue, sent } = await emptyQueue();
      const messages = Array.from({ length: 12 }, (_, index) => aRefresh(`c${index}`));

      await queue.send(messages);

      expect(await sent()).toEqual(messages);
    });

    it('sends one connection once for one schedule, and again for the next', async () => {
      const { queue, sent } = await emptyQueue();

      await queue.send([aRefresh('ann')]);
      await queue.send([aRefresh('ann')]);
      await queue.send([aRefresh('ann', { refreshAt: at(60) })]);

      expect((await sent()).map(({ refreshAt }) => refreshAt)).toEqual([at(0), at(60)]);
    });
  });
}

/** The promise of `RecoveryQueue`. */
export function recoveryQueueContract(
  name: string,
  emptyQueue: () => Promise<QueueUnderTest<RecoveryQueue, RecoveryMessage>>,
): void {
  describe(`RecoveryQueue: ${name}`, () => {
    it.each([
      [
        'everything an answer may bring',
        aCommitted({
          scope: 'read',
          accountId: 'account-1',
          values: { realm: 'r1' },
          refreshTokenExpiresAt: at(9000),
        }),
      ],
      ['no new credential', without(aCommitted(), 'credential', 'refreshAt')],
    ])('carries an answer with %s', async (_, answer) => {
      const { queue, sent } = await emptyQueue();
      const message = { ...aKey(), fence: 2, answer, token: aStoredToken({ fence: 2 }) };

      await queue.send(message);

      expect(await sent()).toEqual([message]);
    });
  });
}

/** The promise of `RevocationQueue`. */
export function revocationQueueContract(
  name: string,
  emptyQueue: () => Promise<QueueUnderTest<RevocationQueue, RevocationMessage>>,
): void {
  describe(`RevocationQueue: ${name}`, () => {
    it('carries sealed tokens', async () => {
      const { queue, sent } = await emptyQueue();
      const message = { ...aKey(), fence: 2, sealed: 'sealed-tokens' };

      await queue.send(message);

      expect(await sent()).toEqual([message]);
    });
  });
}
