import { describe, expect, it } from 'vitest';
import type { BrokerEvent } from '../../../lib/broker/event.ts';
import {
  type DeadLetter,
  type Delivery,
  publishEvents,
  type ReadRecord,
} from '../../../lib/broker/publish-events.ts';
import { Fault } from '../../../lib/fault.ts';
import { aKey, at } from '../../support/connections.ts';
import { recordingLog } from '../../support/recording-log.ts';

const image = {
  state: 'active',
  provider: 'oauth2',
  fence: 1,
  committedFence: 1,
  changes: 0,
  renewal: ['refresh_token'],
} as const;

/** A record that means an event, and one that means none. */
const telling = (connection: string): ReadRecord => ({
  position: `at-${connection}`,
  changedAt: at(7),
  change: { row: 'connection', key: aKey(connection), after: image },
});
const silent: ReadRecord = {
  position: 'at-nothing',
  changedAt: at(7),
  change: { row: 'connection', key: aKey('eve'), before: image, after: image },
};
const unreadable: ReadRecord = { position: 'at-ill', problems: ['fence is missing'], key: aKey() };

const delivered: Delivery = { ending: 'delivered' };
const failed: Delivery = { ending: 'failed', code: 'ThrottlingException' };
const refused: Delivery = { ending: 'refused', code: 'MalformedDetail' };

const queueDown = new Fault('STORE_UNAVAILABLE', { store: 'events-dead-queue', operation: 'send' });

/** @param trouble - what comes of every letter to the dead letters. */
function aWorld(endings: Readonly<Record<string, Delivery>> = {}, trouble?: Error) {
  const log = recordingLog();
  const sent: BrokerEvent[] = [];
  const letters: DeadLetter[] = [];
  const ports = {
    log,
    count: log.count,
    publicBaseUrl: 'https://oauth.example.com',
    bus: {
      put: async (events: readonly BrokerEvent[]) => {
        sent.push(...events);
        return events.map(({ detail }) => endings[String(detail.connection)] ?? delivered);
      },
    },
    deadLetters: {
      send: async (letter: DeadLetter) => {
        if (trouble) throw trouble;
        letters.push(letter);
      },
    },
  };
  return {
    log,
    letters,
    publish: (...records: readonly ReadRecord[]) => publishEvents(ports, records),
    sent: () => sent.map(({ detail }) => detail.connection),
  };
}

describe('publishing', () => {
  it('delivers what the records mean, in their order, and counts it', async () => {
    const world = aWorld();

    expect(await world.publish(telling('ann'), silent, telling('bob'))).toBeUndefined();

    expect(world.sent()).toEqual(['ann', 'bob']);
    expect(world.log.counted).toEqual(['event_published', 'event_published']);
  });

  it('asks nothing of the bus when there is nothing to tell', async () => {
    const world = aWorld();

    expect(await world.publish(silent, silent)).toBeUndefined();

    expect(world.sent()).toEqual([]);
    expect(world.log.lines).toEqual([]);
  });

  it('asks for everything again from the first that failed', async () => {
    const world = aWorld({ bob: failed, eve: failed });
    const records = [telling('ann'), silent, telling('bob'), telling('joe'), telling('eve')];

    expect(await world.publish(...records)).toBe(2);

    expect(world.letters).toEqual([]);
    expect(world.log.lines).toMatchObject([
      { level: 'warn', event: 'events_delayed', details: { code: 'ThrottlingException' } },
      { event: 'events_published', details: { sent: 2 } },
    ]);
  });

  it('puts an event that is refused for good aside, and holds nobody else up', async () => {
    const world = aWorld({ ann: refused });

    expect(await world.publish(telling('ann'), telling('bob'))).toBeUndefined();

    expect(world.letters).toMatchObject([
      {
        position: 'at-ann',
        code: 'MalformedDetail',
        event: { type: 'connection.connected', detail: { connection: 'ann' } },
      },
    ]);
    expect(world.log.lines[0]).toMatchObject({
      level: 'error',
      event: 'event_not_published',
      details: { code: 'MalformedDetail', kind: 'connection.connected' },
    });
  });

  it('puts a record aside that cannot be read, naming what is wrong', async () => {
    const world = aWorld();

    expect(await world.publish(unreadable, telling('bob'))).toBeUndefined();

    expect(world.letters).toEqual([
      { position: 'at-ill', code: 'ROW_INVALID', problems: ['fence is missing'], key: aKey() },
    ]);
    expect(world.sent()).toEqual(['bob']);
    expect(world.log.lines[0]).toMatchObject({
      details: { code: 'ROW_INVALID', connection: 'acme/ann', problems: ['fence is missing'] },
    });
  });

  it.each([
    ['a record that cannot be read', [telling('ann'), unreadable, telling('bob')], {}],
    ['an event that is refused', [telling('ann'), telling('joe')], { joe: refused }],
  ])(
    'loses %s neither when the dead letters cannot be reached',
    async (_what, records, endings) => {
      const world = aWorld(endings, queueDown);

      expect(await world.publish(...records)).toBe(1);
    },
  );

  it('does not wait once more for dead letters that cannot be reached', async () => {
    const world = aWorld({ joe: refused, eve: refused }, queueDown);

    expect(await world.publish(telling('joe'), telling('eve'))).toBe(0);

    expect(world.log.lines.map(({ event }) => event)).toEqual([
      'event_not_published',
      'events_delayed',
      'events_published',
    ]);
  });

  it.each([
    ['an error of our own', new RangeError('a mistake')],
    ['a fault that is not the queue’s', new Fault('REQUEST_INVALID', { problems: ['a'] })],
  ])('does not take %s for a queue that is down', async (_what, trouble) => {
    const world = aWorld({}, trouble);

    await expect(world.publish(unreadable)).rejects.toBe(trouble);
  });

  it('takes an event of which the bus says nothing for not delivered', async () => {
    const world = aWorld();
    const silence = { put: async () => [] };
    const log = recordingLog();
    const ports = {
      log,
      count: log.count,
      publicBaseUrl: 'https://oauth.example.com',
      bus: silence,
      deadLetters: { send: async () => undefined },
    };

    expect(await publishEvents(ports, [telling('ann')])).toBe(0);
    expect(world.letters).toEqual([]);
  });
});
