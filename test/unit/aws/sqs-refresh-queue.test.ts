import { setTimeout } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { sqsRefreshQueue } from '../../../lib/aws/sqs-refresh-queue.ts';
import { aKey, at } from '../../support/connections.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

/** A queue that fails the entries for which `failing` has a code, at the given try. */
async function scriptedQueue(
  failing: (entry: Entry, tries: number) => { Code?: string; SenderFault: boolean } | undefined,
  clock = movingClock(),
) {
  const batches: (readonly Entry[])[] = [];
  const service = await startScriptedService(({ body }) => {
    const { Entries: entries } = JSON.parse(body);
    batches.push(entries);
    const failed = entries.flatMap((entry: Entry) => {
      const failure = failing(entry, batches.length);
      return failure ? [{ Id: entry.Id, ...failure }] : [];
    });
    return { body: { Failed: failed, Successful: [] } };
  });
  const client = new SQSClient({
    endpoint: service.url,
    ...localCredentials,
    md5: false,
    useQueueUrlAsEndpoint: false,
  });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const queue = sqsRefreshQueue({ client, url: `${service.url}/0/refresh.fifo`, clock });
  return { queue, batches, clock };
}

const messages = ['ann', 'bob', 'eve'].map((id) => ({ ...aKey(id), refreshAt: at(0), lane: 3 }));
const throttled = { Code: 'ThrottlingException', SenderFault: false };

describe('sqsRefreshQueue', () => {
  it('sends again only the entries that failed, after a pause', async () => {
    const { queue, batches, clock } = await scriptedQueue(({ Id }, tries) =>
      Id === '1' && tries < 3 ? throttled : undefined,
    );

    await queue.send(messages);

    expect(batches.map((batch) => batch.map(({ Id }) => Id))).toEqual([
      ['0', '1', '2'],
      ['1'],
      ['1'],
    ]);
    expect(clock.monotonicMs()).toBe(300);
  });

  it('gives up after three tries, naming the service’s code', async () => {
    const { queue, batches } = await scriptedQueue(({ Id }) =>
      Id === '1' ? throttled : undefined,
    );

    await expect(queue.send(messages)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'refresh-queue', operation: 'send', reason: 'ThrottlingException' },
    });
    expect(batches).toHaveLength(3);
  });

  it('does not repeat an entry that the service calls our fault', async () => {
    const { queue, batches } = await scriptedQueue(() => ({
      Code: 'InvalidMessageContents',
      SenderFault: true,
    }));

    await expect(queue.send(messages)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(batches).toHaveLength(1);
  });

  it('does not repeat a batch of which one entry is our fault', async () => {
    const { queue, batches } = await scriptedQueue(({ Id }) =>
      Id === '0' ? throttled : { Code: 'InvalidMessageContents', SenderFault: Id === '1' },
    );

    await expect(queue.send(messages)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(batches).toHaveLength(1);
  });

  it('names no code where the service gives none', async () => {
    const { queue } = await scriptedQueue(() => ({ SenderFault: true }));

    await expect(queue.send(messages)).rejects.toMatchObject({ context: { reason: 'unknown' } });
  });

  it('waits out each pause before it sends again, the second one longer', async () => {
    const sentAtMs: number[] = [];
    const { queue, clock } = await scriptedQueue(() => {
      sentAtMs.push(clock.monotonicMs());
      return throttled;
    });

    await expect(queue.send(messages.slice(0, 1))).rejects.toBeDefined();
    expect(sentAtMs).toEqual([0, 100, 300]);
  });

  it('sends nothing while it pauses', async () => {
    const sentMeanwhile: number[] = [];
    const sleep = async () => {
      const before = batches.length;
      await setTimeout(30);
      sentMeanwhile.push(batches.length - before);
    };
    const { queue, batches } = await scriptedQueue(() => throttled, { ...movingClock(), sleep });

    await expect(queue.send(messages)).rejects.toBeDefined();
    expect(sentMeanwhile).toEqual([0, 0]);
  });

  it('puts ids into a message, the lane into its group, and both only as SQS allows', async () => {
    const { queue, batches } = await scriptedQueue(() => undefined);

    await queue.send(messages.slice(0, 1));

    const [entry] = batches.flat();
    expect(JSON.parse(entry?.MessageBody ?? '')).toEqual({
      version: 1,
      client: 'acme',
      connection: 'ann',
      refresh_at: at(0),
    });
    expect(entry?.MessageGroupId).toBe('acme#3');
    expect(entry?.MessageDeduplicationId).toMatch(/^[0-9a-f]{64}$/);
  });
});
