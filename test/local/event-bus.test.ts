import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type BusEvent, startEventBus } from '../../local/event-bus.ts';
import type { RunningServer } from '../../local/http-server.ts';
import { localCredentials } from '../support/local-credentials.ts';

let folder: string;
let stateFile: string;
let bus: RunningServer;
let client: EventBridgeClient;

const start = async () => {
  bus = await startEventBus({ port: 0, stateFile });
  client = new EventBridgeClient({ endpoint: bus.url, ...localCredentials, maxAttempts: 1 });
};
const end = async () => {
  client.destroy();
  await bus.close();
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bus-'));
  stateFile = join(folder, 'events.json');
  await start();
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true, force: true });
});

const anEntry = (detail: unknown = { id: 1 }) => ({
  Source: 'evergrant-local',
  DetailType: 'connection.connected',
  Detail: typeof detail === 'string' ? detail : JSON.stringify(detail),
  Time: new Date(1_795_305_600_000),
  EventBusName: 'default',
});
const latest = async (): Promise<readonly BusEvent[]> =>
  ((await (await fetch(`${bus.url}/events`)).json()) as { events: BusEvent[] }).events;

test('events are kept as a target would get them, the latest first', async () => {
  const { FailedEntryCount, Entries = [] } = await client.send(
    new PutEventsCommand({ Entries: [anEntry({ n: 1 }), anEntry({ n: 2 })] }),
  );

  expect(FailedEntryCount).toBe(0);
  const ids = Entries.map(({ EventId }) => EventId);
  expect(await latest()).toEqual([
    expect.objectContaining({ id: ids[1], detail: { n: 2 } }),
    {
      version: '0',
      id: ids[0],
      'detail-type': 'connection.connected',
      source: 'evergrant-local',
      account: '000000000000',
      time: '2026-11-22T00:00:00.000Z',
      region: 'us-east-1',
      resources: [],
      detail: { n: 1 },
    },
  ]);
});

test('each entry has its own ending', async () => {
  const bare = { Detail: '{}' } as never;

  const { FailedEntryCount, Entries } = await client.send(
    new PutEventsCommand({ Entries: [anEntry('no JSON'), anEntry(), bare, anEntry('[]')] }),
  );

  expect(FailedEntryCount).toBe(3);
  expect(Entries).toMatchObject([
    { ErrorCode: 'MalformedDetail' },
    { EventId: expect.any(String) },
    { ErrorCode: 'InvalidArgument' },
    { ErrorCode: 'MalformedDetail' },
  ]);
  expect(await latest()).toHaveLength(1);
});

test('more than ten at once, or none, are refused', async () => {
  for (const Entries of [[], Array.from({ length: 11 }, () => anEntry())]) {
    await expect(client.send(new PutEventsCommand({ Entries }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }
  expect(await latest()).toEqual([]);
});

test('the latest two hundred are there again after a restart', async () => {
  for (let call = 0; call < 21; call += 1) {
    const Entries = Array.from({ length: 10 }, (_, index) => anEntry({ n: call * 10 + index }));
    await client.send(new PutEventsCommand({ Entries }));
  }
  await end();
  await start();

  const events = await latest();

  expect(events).toHaveLength(200);
  expect(events[0]?.detail).toEqual({ n: 209 });
});

test('a file that is not ours is left alone', async () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, '{"secrets":[]}');

  expect(() => startEventBus({ port: 0, stateFile: other })).toThrow('does not hold events');
});

test('rules and buses are not there', async () => {
  await expect(client.send(new ListRulesCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
});
