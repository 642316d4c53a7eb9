import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClientStore } from '../../../lib/aws/dynamodb-client-store.ts';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { type Item, readItem } from '../../../lib/aws/row.ts';
import { parseStreamRecord, type StreamRecord } from '../../../lib/aws/stream-record.ts';
import { type BrokerEvent, buildEvent } from '../../../lib/broker/event.ts';
import type { ConnectionStore } from '../../../lib/broker/ports.ts';
import { epochSeconds, seconds } from '../../../lib/time.ts';
import {
  aCommitted,
  aKey,
  aNewConnection,
  aPendingConnection,
  aTombstone,
  at,
} from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { eventSchemas, expectDocumentedEvent } from '../../support/event-schemas.ts';
import { aConnectRecord, aRow, aStreamRecord } from '../../support/stream-records.ts';
import { connectionsTable } from '../../support/tables.ts';

let dynalite: Dynalite;
let name: string;
beforeAll(async () => {
  dynalite = await startDynalite();
  name = await dynalite.createTable(connectionsTable);
});
afterAll(() => dynalite.close());

const baseUrl = 'https://oauth.example.com';
const annAndBob = ['acme/ann', 'acme/bob', 'acme'];

/** A store, and what the stream of its table says. */
function aWatchedTable() {
  const table = { client: dynalite.client, name };
  const last = new Map<string, Item | undefined>();
  const read = (pk: string) =>
    readItem(table, pk, { store: 'test', operation: 'read', consistent: true });
  let position = 0;
  return {
    connections: dynamodbConnectionStore({ ...table, dueShards: 8 }),
    clients: dynamodbClientStore(table),
    begin: async () => {
      for (const pk of annAndBob) last.set(pk, await read(pk));
    },
    /** The records of what changed since this was asked last. */
    records: async (): Promise<readonly StreamRecord[]> => {
      const found: StreamRecord[] = [];
      for (const [pk, before] of last) {
        const after = await read(pk);
        if (JSON.stringify(before) === JSON.stringify(after)) continue;
        last.set(pk, after);
        position += 1;
        const images = { ...(before && { before }), ...(after && { after }) };
        found.push(aStreamRecord(pk, images, String(position)));
      }
      return found;
    },
  };
}

function eventOf(record: StreamRecord): BrokerEvent | undefined {
  const read = parseStreamRecord(record);
  if ('problems' in read) throw new Error(read.problems.join());
  return buildEvent(read, baseUrl);
}

describe('a record of the stream', () => {
  it('is read as the change of a connection, at the second of the write', () => {
    expect(parseStreamRecord(aConnectRecord('ann', '42'))).toEqual({
      position: '42',
      changedAt: at(7),
      change: {
        row: 'connection',
        key: aKey(),
        after: {
          state: 'active',
          provider: 'oauth2',
          fence: 1,
          committedFence: 1,
          changes: 0,
          renewal: ['refresh_token'],
          refreshAt: at(3000),
          accessTokenExpiresAt: at(3600),
        },
      },
    });
  });

  it.each(['pending:abc', 'keys:renewal:k1', 'acme/ann/x'])('of the row %s is nobody’s', (pk) => {
    expect(parseStreamRecord(aStreamRecord(pk, { after: { pk: { S: pk } } }))).toMatchObject({
      change: { row: 'other' },
    });
  });

  it.each([{}, [], 7, null, { toString: {} }])('whose key is %j is nobody’s', (S) => {
    const record = { ...aConnectRecord('ann', '42').dynamodb, Keys: { pk: { S } } } as unknown;

    expect(parseStreamRecord({ dynamodb: record } as StreamRecord)).toMatchObject({
      change: { row: 'other' },
    });
  });

  it('of a row of before, which counts no changes, is read all the same', () => {
    const { changes: _none, ...row } = aRow();

    expect(parseStreamRecord(aStreamRecord('acme/ann', { after: row }))).toMatchObject({
      change: { after: { changes: 0 } },
    });
  });

  it.each<[string, Item, string]>([
    ['without a fence', { fence: { NULL: true } }, 'fence must be a whole number'],
    ['in a state of no name', { state: { S: 'lost' } }, 'state must be one of'],
    ['in a state that objects know', { state: { S: 'constructor' } }, 'state must be one of'],
    ['failing since nobody knows when', { state: { S: 'failing' } }, 'failing_since is missing'],
    [
      'dead for no reason',
      { state: { S: 'needs_reauth' }, needs_reauth_since: { N: '9' } },
      'reason is missing',
    ],
    [
      'dead since nobody knows when',
      { state: { S: 'needs_reauth' }, reason: { S: 'grant_dead' } },
      'needs_reauth_since is missing',
    ],
    ['with a count that is none', { changes: { N: '1.5' } }, 'changes must be a whole number'],
  ])('of a connection %s is not read, and quotes nothing', (_what, faulty, problem) => {
    const after = { ...aRow(), ...faulty, scope: { S: 'canary' } };

    const read = parseStreamRecord(aStreamRecord('acme/ann', { after }, '9'));

    expect(read).toEqual({
      position: '9',
      key: aKey(),
      problems: expect.arrayContaining([expect.stringContaining(problem)]),
    });
    expect(JSON.stringify(read)).not.toContain('canary');
  });

  it('of a connection without a state says so', () => {
    const { state: _none, ...after } = aRow();

    expect(parseStreamRecord(aStreamRecord('acme/ann', { after }, '9'))).toEqual({
      position: '9',
      key: aKey(),
      problems: [expect.stringContaining('state')],
    });
  });

  it.each([null, 7, { X: 'constructor' }])('with the fence %j is not read', (fence) => {
    const after = { ...aRow(), fence } as unknown as Item;

    expect(parseStreamRecord(aStreamRecord('acme/ann', { after }, '9'))).toEqual({
      position: '9',
      key: aKey(),
      problems: [expect.any(String)],
    });
  });

  it('of a client of before, which counts no changes, is read all the same', () => {
    const after = { pk: { S: 'acme' } };

    expect(parseStreamRecord(aStreamRecord('acme', { after }))).toMatchObject({
      change: { row: 'client', after: { changes: 0 } },
    });
  });

  it('of a connection that is faulty where no event looks is read', () => {
    const after = { ...aRow(), origins: { S: 'not a list' } };

    expect(parseStreamRecord(aStreamRecord('acme/ann', { after }))).toHaveProperty('change');
  });

  it.each([
    ['refused_version', 'refused_at is missing'],
    ['changed_version', 'changed_at is missing'],
  ])('of a client with %s and no moment is not read', (member, problem) => {
    const after = { pk: { S: 'acme' }, [member]: { S: 'v1' } };

    expect(parseStreamRecord(aStreamRecord('acme', { after }))).toMatchObject({
      problems: [problem],
    });
  });

  it('without a time, or without anything, is not read', () => {
    const { dynamodb } = aConnectRecord('ann', '42');
    const { ApproximateCreationDateTime: _none, ...timeless } = dynamodb;
    const problems = ['the record has no time'];

    expect(parseStreamRecord({ dynamodb: timeless })).toEqual({
      position: '42',
      key: aKey(),
      problems,
    });
    expect(parseStreamRecord({})).toEqual({ position: '', problems });
  });

  it.each<unknown>(['7', -1, Number.NaN, 1e300])('whose time is %s is not read', (time) => {
    const { dynamodb } = aConnectRecord();
    const record = { dynamodb: { ...dynamodb, ApproximateCreationDateTime: time as number } };

    expect(parseStreamRecord(record)).toMatchObject({ problems: ['the record has no time'] });
  });

  it('of the first second of all is read', () => {
    const { dynamodb } = aConnectRecord();
    const record = { dynamodb: { ...dynamodb, ApproximateCreationDateTime: 0 } };

    expect(parseStreamRecord(record)).toMatchObject({ changedAt: 0 });
  });

  it('without a key is nobody’s', () => {
    const { dynamodb } = aConnectRecord();

    expect(parseStreamRecord({ dynamodb: { ...dynamodb, Keys: {} } })).toMatchObject({
      change: { row: 'other' },
    });
  });
});

describe('the stream of a table', () => {
  it('tells of the refusal and the change of a client, in their order', async () => {
    const watched = aWatchedTable();
    await watched.begin();
    const { client } = aKey();
    const told: (BrokerEvent | undefined)[] = [];
    const listen = async () => told.push(...(await watched.records()).map(eventOf));

    await watched.clients.markRefused(client, 'v1', at(1));
    await listen();
    await watched.clients.markRefused(client, 'v1', at(2));
    await listen();
    await watched.clients.markChanged(client, 'v2', at(3));
    await listen();
    await watched.clients.clearRefused(client, 'v1');
    await listen();
    await watched.clients.markRefused(client, 'v1', at(5));
    await listen();

    const events = told.filter((event) => event !== undefined);
    expect(events.map(({ type }) => type)).toEqual([
      'client.refused',
      'client.changed',
      'client.refused',
    ]);
    expect(events.map(({ detail }) => detail.sequence)).toEqual([1, 3, 4]);
    for (const { type, detail } of events) expectDocumentedEvent(type, detail);
  });

  it.each([
    ['attempt', 10_000, begin],
    ['mark of doubt', 10_010, doubt],
  ] as const)(
    'counts changes anew under each %s, or they would run into the next one’s',
    async (_fence, first, next) => {
      const watched = aWatchedTable();
      await connect(watched.connections, first);
      await begin(watched.connections, first + 1);
      await fail(watched.connections);
      await watched.begin();

      await next(watched.connections, first + 2);

      const [record] = await watched.records();
      expect(parseStreamRecord(record ?? {})).toMatchObject({
        change: {
          before: { fence: first + 1, changes: 1 },
          after: { fence: first + 2, changes: 0 },
        },
      });
    },
  );

  it('gives the events of each connection numbers that only grow, whatever is written when', async () => {
    const watched = aWatchedTable();
    const types = new Set<string>();
    let fence = 20_000;
    let last = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(deeds.length - 1), { maxLength: 25 }), async (ops) => {
        await watched.begin();
        for (const op of ops) {
          fence += 1;
          await deeds[op]?.(watched.connections, fence);
          for (const record of await watched.records()) {
            const event = eventOf(record);
            expect(eventOf(record)).toEqual(event);
            if (!event) continue;
            types.add(event.type);
            expectDocumentedEvent(event.type, event.detail);
            expect(Number(event.detail.sequence)).toBeGreaterThan(last);
            last = Number(event.detail.sequence);
            expect(JSON.stringify(event)).not.toMatch(/sealed|client-id|account-1|as\.example/);
          }
        }
      }),
      { numRuns: 25, examples: [[everyEvent]] },
    );

    expect(types).toEqual(
      new Set([...eventSchemas.keys()].filter((type) => !/^client/.test(type))),
    );
  });
});

type Deed = (store: ConnectionStore, fence: number) => Promise<unknown>;

const end = { renewalEndsAt: at(90_000), remindDays: 30 } as const;

/** Connect, fail, refresh, be reminded, die, connect again, end: by their places below. */
const everyEvent = [0, 2, 5, 2, 4, 8, 2, 6, 0, 9];

/** What workers, callers and operators do to `acme/ann`, whatever state it is in. */
const deeds: readonly Deed[] = [
  connect,
  connect,
  begin,
  begin,
  (store, fence) => onRow(store, (row) => store.commit(row, row.fence, anAnswer(row.fence, fence))),
  fail,
  (store) =>
    onRow(store, (row) => store.markDead(row, row, { reason: 'grant_dead', since: at(9) })),
  // An answer that comes late, of an attempt before the present one.
  (store, fence) =>
    onRow(store, (row) =>
      store.commitLate(
        row,
        Math.max(row.committedFence, row.fence - 1) + 1,
        anAnswer(fence, fence),
      ),
    ),
  (store) =>
    onRow(store, async (row) => {
      const { fence, committedFence, remindDays } = row;
      if (remindDays === undefined) return;
      const next = remindDays === 30 ? 7 : 0;
      await store.remind(row, { fence, committedFence, remindDays }, { remindDays: next });
    }),
  async (store, fence) => {
    const row = await store.read(aKey());
    if (row) await store.remove(aTombstone({ fence }), row.fence, at(600));
  },
  doubt,
  (store) => store.holdPending(aPendingConnection()),
];

async function connect(store: ConnectionStore, fence: number) {
  const row = await store.read(aKey());
  const next = { ...aNewConnection({ fence, accountId: 'account-1' }), ...end };
  await store.connect(next, row?.fence);
}

function begin(store: ConnectionStore, fence: number) {
  return onRow(store, (row) =>
    store.acquire({
      key: row,
      seen: row,
      refreshAt: row.refreshAt,
      retryAt: at(90),
      fence,
      lease: { owner: `worker-${fence}`, until: at(30) },
      now: at(1000),
      clockSkewSeconds: seconds(5),
      credentialFence: row.credentialFence,
    }),
  );
}

function doubt(store: ConnectionStore, fence: number) {
  return onRow(store, (row) =>
    store.markUncertain({
      key: row,
      seen: row,
      intent: { fence, at: at(0), credentialFence: row.credentialFence },
      now: epochSeconds(at(10_000)),
      clockSkewSeconds: seconds(5),
    }),
  );
}

function fail(store: ConnectionStore) {
  return onRow(store, (row) =>
    store.fail(row, row.fence, { failingSince: at(5), failures: 1, intentSettled: true }),
  );
}

function anAnswer(committedFence: number, fence: number) {
  return aCommitted({
    committedFence,
    ...(fence % 2 === 0 ? end : { renewalEndsAt: end.renewalEndsAt }),
  });
}

async function onRow(
  store: ConnectionStore,
  deed: (
    row: Exclude<Awaited<ReturnType<ConnectionStore['read']>>, undefined> & {
      readonly state: 'active' | 'failing' | 'needs_reauth';
    },
  ) => Promise<unknown>,
) {
  const row = await store.read(aKey());
  if (row && row.state !== 'revoked') await deed(row);
}
