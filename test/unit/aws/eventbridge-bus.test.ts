import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterEach, describe, expect, it } from 'vitest';
import { eventBridgeBus } from '../../../lib/aws/eventbridge-bus.ts';
import type { BrokerEvent } from '../../../lib/broker/event.ts';
import { at } from '../../support/connections.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { type ServiceReply, startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Time: number;
  readonly Detail: string;
}

const anEvent = (id: number, padding = ''): BrokerEvent => ({
  type: 'connection.revoked',
  occurredAt: at(7),
  detail: { id, ...(padding && { padding }) },
});
const someEvents = (count: number) => Array.from({ length: count }, (_, id) => anEvent(id));
const idsOf = (entries: readonly Entry[]) => entries.map(({ Detail }) => JSON.parse(Detail).id);
const taken = { EventId: 'taken' };
const throttled = { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' };
const malformed = { ErrorCode: 'MalformedDetail' };

/** A bus whose service answers each entry, or each call, as a test says. */
async function aBus(
  answer: (id: number, tries: number) => object,
  whole: (ids: readonly number[], tries: number) => ServiceReply | undefined = () => undefined,
) {
  const calls: (readonly Entry[])[] = [];
  const service = await startScriptedService(({ body }) => {
    const { Entries: entries } = JSON.parse(body);
    calls.push(entries);
    const ids = idsOf(entries);
    const answers = ids.map((id) => answer(id, calls.length));
    const failed = answers.filter((each) => 'ErrorCode' in each).length;
    return whole(ids, calls.length) ?? { body: { FailedEntryCount: failed, Entries: answers } };
  });
  const client = new EventBridgeClient({
    endpoint: service.url,
    ...localCredentials,
    maxAttempts: 1,
  });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const clock = movingClock();
  const bus = eventBridgeBus({ client, name: 'crm', source: 'evergrant-prod', clock });
  return { put: bus.put, calls, clock, ids: () => calls.map(idsOf) };
}

const refusing = (type: string): ServiceReply => ({ status: 400, body: { __type: type } });

describe('eventBridgeBus', () => {
  it('says which bus, who tells, what, and when', async () => {
    const { put, calls } = await aBus(() => taken);

    expect(await put([anEvent(1)])).toEqual([{ ending: 'delivered' }]);

    expect(calls).toEqual([
      [
        {
          EventBusName: 'crm',
          Source: 'evergrant-prod',
          DetailType: 'connection.revoked',
          Time: at(7),
          Detail: '{"id":1}',
        },
      ],
    ]);
  });

  it('sends nothing for nothing, and at most ten at once', async () => {
    const { put, ids } = await aBus(() => taken);

    expect(await put([])).toEqual([]);
    expect(await put(someEvents(21))).toEqual(Array(21).fill({ ending: 'delivered' }));

    expect(ids().map(({ length }) => length)).toEqual([10, 10, 1]);
  });

  it('sends no more at once than fits', async () => {
    const { put, ids } = await aBus(() => taken);
    const large = 'x'.repeat(100_000);

    await put([anEvent(0, large), anEvent(1, large), anEvent(2, large)]);

    expect(ids()).toEqual([[0, 1], [2]]);
  });

  it('counts the bytes of each call anew', async () => {
    const { put, ids } = await aBus(() => taken);

    await put(Array.from({ length: 12 }, (_, id) => anEvent(id, 'x'.repeat(24_000))));

    expect(ids().map(({ length }) => length)).toEqual([10, 2]);
  });

  it('sends two together that fit to the last byte', async () => {
    const { put, ids } = await aBus(() => taken);
    const around = 'evergrant-prod'.length + 'connection.revoked'.length + 14;
    const padding = 128 * 1024 - around - '{"id":0,"padding":""}'.length;

    await put([anEvent(0, 'x'.repeat(padding)), anEvent(1, 'x'.repeat(padding))]);
    await put([anEvent(2, 'x'.repeat(padding)), anEvent(3, 'x'.repeat(padding + 1))]);

    expect(ids()).toEqual([[0, 1], [2], [3]]);
  });

  it('sends what fits to the last byte, and refuses one byte more', async () => {
    const { put, ids } = await aBus(() => taken);
    // Source, type, time, and the detail around its padding.
    const around = 'evergrant-prod'.length + 'connection.revoked'.length + 14;
    const room = 256 * 1024 - around - '{"id":0,"padding":""}'.length;
    const fitting = anEvent(0, `${'x'.repeat(room - 2)}é`);
    const tooLarge = anEvent(1, `${'x'.repeat(room - 1)}é`);

    expect(await put([fitting, tooLarge, anEvent(2)])).toEqual([
      { ending: 'delivered' },
      { ending: 'refused', code: 'too_large' },
      { ending: 'delivered' },
    ]);
    expect(ids()).toEqual([[0], [2]]);
  });

  it('sends again only the entries that were not taken, after a pause', async () => {
    const { put, ids, clock } = await aBus((id, tries) =>
      id === 1 && tries < 3 ? throttled : taken,
    );

    expect(await put(someEvents(3))).toEqual(Array(3).fill({ ending: 'delivered' }));

    expect(ids()).toEqual([[0, 1, 2], [1], [1]]);
    expect(clock.monotonicMs()).toBe(300);
  });

  it('tries three times, and then nothing of what comes after', async () => {
    const { put, ids } = await aBus((id) => (id === 1 ? throttled : taken));

    const endings = await put(someEvents(12));

    expect(endings.slice(0, 3)).toEqual([
      { ending: 'delivered' },
      { ending: 'failed', code: 'ThrottlingException' },
      { ending: 'delivered' },
    ]);
    expect(endings.slice(10)).toEqual(
      Array(2).fill({ ending: 'failed', code: 'ThrottlingException' }),
    );
    expect(ids()).toHaveLength(3);
  });

  it.each(['MalformedDetail', 'InvalidArgument', 'RedactionFailure'])(
    'tells an entry that is refused for good as %s, and does not repeat it',
    async (code) => {
      const { put, ids } = await aBus((id) => (id === 0 ? { ErrorCode: code } : taken));

      expect(await put(someEvents(2))).toEqual([
        { ending: 'refused', code },
        { ending: 'delivered' },
      ]);
      expect(ids()).toHaveLength(1);
    },
  );

  it('goes on after an entry that is refused for good', async () => {
    const { put, ids } = await aBus((id) => (id === 0 ? malformed : taken));

    const endings = await put(someEvents(11));

    expect(endings.at(-1)).toEqual({ ending: 'delivered' });
    expect(ids()).toHaveLength(2);
  });

  it('takes a right that is missing for something that can be mended', async () => {
    const denied = { ErrorCode: 'NotAuthorizedForSourceException' };
    const { put } = await aBus(() => denied);

    expect(await put(someEvents(1))).toEqual([{ ending: 'failed', code: denied.ErrorCode }]);
  });

  it('sends an entry again that has no answer of its own', async () => {
    const { put, ids } = await aBus(
      () => taken,
      () => ({ body: { FailedEntryCount: 0, Entries: [taken] } }),
    );

    expect(await put(someEvents(2))).toEqual([{ ending: 'delivered' }, { ending: 'delivered' }]);
    expect(ids()).toEqual([[0, 1], [1]]);
  });

  it('takes a call that fails for a failure of all its entries, and tries again', async () => {
    const { put, ids } = await aBus(
      () => taken,
      (_ids, tries) => (tries < 3 ? refusing('ResourceNotFoundException') : undefined),
    );

    expect(await put(someEvents(2))).toEqual(Array(2).fill({ ending: 'delivered' }));
    expect(ids()).toEqual(Array(3).fill([0, 1]));
  });

  it('names what the service says when it never takes a call', async () => {
    const { put } = await aBus(
      () => taken,
      () => refusing('ResourceNotFoundException'),
    );

    expect(await put(someEvents(1))).toEqual([
      { ending: 'failed', code: 'ResourceNotFoundException' },
    ]);
  });

  it('finds the one entry for which the service refuses a whole call', async () => {
    const { put, ids } = await aBus(
      () => taken,
      (each) => (each.includes(1) ? refusing('ValidationException') : undefined),
    );

    expect(await put(someEvents(3))).toEqual([
      { ending: 'delivered' },
      { ending: 'refused', code: 'ValidationException' },
      { ending: 'delivered' },
    ]);
    expect(ids()).toEqual([[0, 1, 2], [0], [1], [2]]);
  });

  it('does not fail when nothing answers', async () => {
    const client = new EventBridgeClient({
      endpoint: 'http://127.0.0.1:1',
      ...localCredentials,
      maxAttempts: 1,
    });
    endings.push(async () => client.destroy());
    const bus = eventBridgeBus({ client, name: 'crm', source: 'x', clock: movingClock() });

    expect(await bus.put(someEvents(1))).toMatchObject([{ ending: 'failed' }]);
  });
});
