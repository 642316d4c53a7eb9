/**
 * Each condition of each write, alone: against rows that differ from a fitting one in a single
 * attribute, among them rows that no writer of ours leaves, as a restored or edited table may hold.
 */
import { isDeepStrictEqual } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConnectionRow, buildIntent, buildLease } from '../../../lib/aws/connection-row.ts';
import { dueShard } from '../../../lib/aws/due-shard.ts';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { dynamodbSealedValues } from '../../../lib/aws/dynamodb-sealed-values.ts';
import { dynamodbTokenStore } from '../../../lib/aws/dynamodb-token-store.ts';
import { attributes } from '../../../lib/aws/expression.ts';
import { readItem } from '../../../lib/aws/row.ts';
import { buildTokenRow } from '../../../lib/aws/token-row.ts';
import type { SealedValueStore } from '../../../lib/broker/key-ports.ts';
import type { ConnectionStore, TokenStore } from '../../../lib/broker/ports.ts';
import { keyText } from '../../../lib/names.ts';
import { seconds } from '../../../lib/time.ts';
import {
  aCommitted,
  aKey,
  aNewConnection,
  aStoredToken,
  aTombstone,
  at,
} from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { preparedWrites } from '../../support/prepared-writes.ts';
import { connectionsTable, plainTable } from '../../support/tables.ts';

type Row = Readonly<Record<string, unknown>>;
type Ending = 'done' | 'lost';

let dynalite: Dynalite;
let connectionsName: string;
let tokensName: string;
beforeAll(async () => {
  dynalite = await startDynalite();
  connectionsName = await dynalite.createTable(connectionsTable);
  tokensName = await dynalite.createTable(plainTable);
});
afterAll(() => dynalite.close());

const connectionStore = () => {
  const table = { client: dynalite.client, name: connectionsName, dueShards: 8 };
  return dynamodbConnectionStore({ ...table, preparing: preparedWrites });
};

/** Attempt 30 is under way; the answer of attempt 20 was the last that was kept. */
const underWay: Row = {
  ...buildConnectionRow(aNewConnection({ fence: 30 }), 0),
  committed_fence: 20,
  credential_fence: 10,
  lease: buildLease({ owner: 'worker-a', until: at(30) }),
  intent: buildIntent({ fence: 30, at: at(0), credentialFence: 10 }),
};

const seen = { fence: 30, committedFence: 20 };
const anotherFence = [{ fence: 29 }, { fence: 31 }];
const anotherCommitted = [{ committed_fence: 19 }, { committed_fence: 21 }];
const anotherCredential = [{ credential_fence: 9 }, { credential_fence: 11 }];
const deleted = { state: 'revoked' };
const waitsForItsOwner = { state: 'needs_reauth' };
const failure = { failingSince: at(1), failures: 1, refreshAt: at(61) };
const answer = aCommitted({ committedFence: 30 });

interface Write<Store> {
  readonly write: (store: Store) => Promise<Ending>;
  /** How rows that the write finds good differ from the usual one. */
  readonly done: readonly Row[];
  readonly lost: readonly Row[];
}

const connectionWrites: Readonly<Record<string, Write<ConnectionStore>>> = {
  acquire: {
    write: (store) =>
      store.acquire({
        key: aKey(),
        seen,
        refreshAt: aNewConnection().refreshAt,
        retryAt: at(136),
        fence: 40,
        lease: { owner: 'worker-b', until: at(130) },
        now: at(100),
        clockSkewSeconds: seconds(5),
        credentialFence: 10,
      }),
    done: [
      {},
      { lease: undefined },
      { lease: { owner: 'a', until: at(94) } },
      { state: 'failing' },
    ],
    lost: [
      ...anotherFence,
      ...anotherCommitted,
      { refresh_at: at(2999) },
      { refresh_at: undefined },
      { lease: { owner: 'a', until: at(95) } },
      waitsForItsOwner,
      deleted,
    ],
  },
  'acquire with a fence that does not grow': {
    write: (store) =>
      store.acquire({
        key: aKey(),
        seen,
        refreshAt: aNewConnection().refreshAt,
        retryAt: at(136),
        fence: 30,
        lease: { owner: 'worker-b', until: at(130) },
        now: at(100),
        clockSkewSeconds: seconds(5),
        credentialFence: 10,
      }),
    done: [],
    lost: [{}],
  },
  release: {
    write: (store) => store.release(aKey(), 30),
    done: [{}, { intent: undefined }, waitsForItsOwner],
    lost: [...anotherFence, deleted],
  },
  'fail, the outcome being known': {
    write: (store) => store.fail(aKey(), 30, { ...failure, intentSettled: true }),
    done: [{}, { intent: undefined }, { state: 'failing' }],
    lost: [...anotherFence, waitsForItsOwner, deleted],
  },
  'fail, the outcome being unknown': {
    write: (store) => store.fail(aKey(), 30, { ...failure, intentSettled: false }),
    done: [{}, { state: 'failing' }],
    lost: [...anotherFence, waitsForItsOwner, deleted],
  },
  defer: {
    write: (store) => store.defer(aKey(), seen, at(200)),
    done: [{}, { state: 'failing' }],
    lost: [...anotherFence, ...anotherCommitted, waitsForItsOwner, deleted],
  },
  commit: {
    write: (store) => store.commit(aKey(), 30, answer),
    done: [{}, { committed_fence: 30 }, { lease: undefined }, waitsForItsOwner],
    lost: [...anotherFence, { committed_fence: 31 }, deleted],
  },
  'commit, prepared': {
    write: async (store) => store.prepareCommit?.(aKey(), 30).commit(answer) ?? 'lost',
    done: [{}, { committed_fence: 30 }, { lease: undefined }, waitsForItsOwner],
    lost: [...anotherFence, { committed_fence: 31 }, deleted],
  },
  commitLate: {
    write: (store) => store.commitLate(aKey(), 25, aCommitted({ committedFence: 25 })),
    done: [{}, { committed_fence: 24 }, { credential_fence: 25 }, waitsForItsOwner],
    lost: [{ committed_fence: 25 }, { committed_fence: 26 }, deleted],
  },
  reschedule: {
    write: (store) =>
      store.reschedule(aKey(), 30, { expirySource: 'introspection', refreshAt: at(200) }),
    done: [{ committed_fence: 30 }, { committed_fence: 30, state: 'failing' }],
    lost: [
      { committed_fence: 29 },
      { committed_fence: 31 },
      { fence: 29, committed_fence: 30 },
      { fence: 31, committed_fence: 30 },
      { committed_fence: 30, ...waitsForItsOwner },
      { committed_fence: 30, ...deleted },
    ],
  },
  markUncertain: {
    write: (store) =>
      store.markUncertain({
        key: aKey(),
        seen,
        intent: { fence: 40, at: at(100), credentialFence: 10 },
        now: at(100),
        clockSkewSeconds: seconds(5),
      }),
    done: [
      {},
      { lease: undefined },
      { lease: { owner: 'a', until: at(94) } },
      { state: 'failing' },
    ],
    lost: [
      ...anotherFence,
      ...anotherCommitted,
      { lease: { owner: 'a', until: at(95) } },
      waitsForItsOwner,
      deleted,
    ],
  },
  'markUncertain with a fence that does not grow': {
    write: (store) =>
      store.markUncertain({
        key: aKey(),
        seen,
        intent: { fence: 30, at: at(100), credentialFence: 10 },
        now: at(100),
        clockSkewSeconds: seconds(5),
      }),
    done: [],
    lost: [{}],
  },
  repin: {
    write: (store) => store.repin(aKey(), 30, { clientId: 'another', origins: [] }),
    done: [{}, waitsForItsOwner],
    lost: [...anotherFence, deleted],
  },
  markDead: {
    write: (store) =>
      store.markDead(
        aKey(),
        { ...seen, credentialFence: 10 },
        { reason: 'grant_dead', since: at(70) },
      ),
    done: [{}, { state: 'failing' }],
    lost: [...anotherFence, ...anotherCommitted, ...anotherCredential, waitsForItsOwner, deleted],
  },
  connect: {
    write: (store) => store.connect(aNewConnection({ fence: 40 }), 30),
    done: [{}, waitsForItsOwner, deleted],
    lost: [...anotherFence],
  },
  'connect with a fence that does not grow': {
    write: (store) => store.connect(aNewConnection({ fence: 30 }), 30),
    done: [],
    lost: [{}],
  },
  'connect where nothing was seen': {
    write: (store) => store.connect(aNewConnection({ fence: 40 }), undefined),
    done: [],
    lost: [{}, deleted],
  },
  remove: {
    write: (store) => store.remove(aTombstone({ fence: 40 }), 30, at(600)),
    done: [{}, waitsForItsOwner],
    lost: [...anotherFence],
  },
  'remove with a fence that does not grow': {
    write: (store) => store.remove(aTombstone({ fence: 30 }), 30, at(600)),
    done: [],
    lost: [{}],
  },
  quarantine: {
    write: (store) => store.quarantine(aKey()),
    done: [{}, { fence: 'damaged' }],
    lost: [],
  },
};

/** The row after a write, whatever it was before. */
async function afterWriting(
  row: Row,
  write: (store: ConnectionStore) => Promise<Ending>,
): Promise<unknown> {
  const store = connectionStore();
  await tryWrite(store, { name: connectionsName, row: { ...underWay, ...row }, write });
  return store.read(aKey());
}

describe('a late answer', () => {
  const late = aCommitted({ committedFence: 25 });

  it.each([
    ['older', 24, 25, 'sealed-credential-25'],
    ['of its own fence', 25, 25, 'sealed-credential-1'],
    ['newer', 26, 26, 'sealed-credential-1'],
  ])('finds a credential %s: the newer one stays', async (_, before, credentialFence, sealed) => {
    const row = await afterWriting({ credential_fence: before }, (store) =>
      store.commitLate(aKey(), 25, late),
    );

    expect(row).toMatchObject({ committedFence: 25, credentialFence, sealedCredential: sealed });
  });
});

it.each<[string, (store: ConnectionStore) => Promise<Ending>]>([
  ['an answer', (store) => store.commit(aKey(), 30, answer)],
  [
    'a schedule',
    (store) => store.reschedule(aKey(), 30, { expirySource: 'introspection', refreshAt: at(200) }),
  ],
  ['a failure', (store) => store.fail(aKey(), 30, { ...failure, intentSettled: false })],
])('moves a connection, with %s, to the shard that is its own now', async (_, write) => {
  const shard = dueShard(aKey(), 8);
  await afterWriting({ committed_fence: 30, shard: (shard + 1) % 8 }, write);

  const { due } = await connectionStore().listDue({ shard, now: at(9999), limit: 10 });

  expect(due).toHaveLength(1);
});

/** The token that attempt 30 published. */
const published: Row = buildTokenRow(aStoredToken({ fence: 30 }));

const tokenWrites: Readonly<Record<string, Write<TokenStore>>> = {
  publish: {
    write: (store) => store.publish(aStoredToken({ fence: 40 })),
    done: [{}, { fence: 39 }, { ...deleted, fence: 39 }],
    lost: [{ fence: 40 }, { fence: 41 }],
  },
  note: {
    write: (store) => store.note(aKey(), 40, { state: 'failing' }),
    done: [{}, { fence: 40 }],
    lost: [{ fence: 41 }, deleted],
  },
  claim: {
    write: (store) => store.claim(aKey(), 30, { by: 'me', until: at(130), now: at(100) }),
    done: [
      {},
      { refresh_claimed_by: 'another', refresh_claimed_until: at(100) },
      { refresh_claimed_by: 'me', refresh_claimed_until: at(101) },
      { state: 'needs_reauth' },
    ],
    lost: [
      ...anotherFence,
      { refresh_claimed_by: 'another', refresh_claimed_until: at(101) },
      { refresh_claimed_by: 'somebody', refresh_claimed_until: at(101) },
      { refresh_claimed_until: at(101) },
      deleted,
    ],
  },
  remove: {
    write: (store) => store.remove(aTombstone({ fence: 40 }), at(600)),
    done: [{}, { fence: 39 }],
    lost: [{ fence: 40 }, { fence: 41 }],
  },
};

const sealedValues = () =>
  dynamodbSealedValues({
    connections: { client: dynalite.client, name: connectionsName },
    tokens: { client: dynalite.client, name: tokensName },
  });

const sealed = (fence: number) => ({ fence, sealed: 'old', next: 'new' });

const credentialWrites: Readonly<Record<string, Write<SealedValueStore>>> = {
  replaceCredential: {
    write: (store) => store.replaceCredential(aKey(), sealed(10)),
    done: [{ sealed_credential: 'old' }],
    lost: [
      ...anotherCredential.map((another) => ({ sealed_credential: 'old', ...another })),
      { sealed_credential: 'ola' },
      { sealed_credential: 'ole' },
      { sealed_credential: undefined },
    ],
  },
};

const tokenSealWrites: Readonly<Record<string, Write<SealedValueStore>>> = {
  replaceToken: {
    write: (store) => store.replaceToken(aKey(), sealed(30)),
    done: [{ sealed: 'old' }],
    lost: [
      ...anotherFence.map((another) => ({ sealed: 'old', ...another })),
      { sealed: 'ola' },
      { sealed: 'ole' },
      { sealed: undefined },
    ],
  },
};

/** Puts the row there, writes, and tells how it ended and whether the row is another now. */
async function tryWrite<Store>(
  store: Store,
  { name, row, write }: { readonly name: string; readonly row: Row } & Pick<Write<Store>, 'write'>,
): Promise<{ readonly ending: Ending; readonly isChanged: boolean }> {
  const item = attributes(row);
  await dynalite.client.send(new PutItemCommand({ TableName: name, Item: item }));
  const ending = await write(store);
  const call = { store: 'any', operation: 'read', consistent: true };
  const after = await readItem({ client: dynalite.client, name }, keyText(aKey()), call);
  // Members of a map come back in any order.
  return { ending, isChanged: !isDeepStrictEqual(after, item) };
}

const describeRow = (row: Row) =>
  Object.keys(row).length === 0 ? 'as usual' : JSON.stringify(row);

const casesOf = <Store>(writes: Readonly<Record<string, Write<Store>>>) =>
  Object.entries(writes).flatMap(([name, { write, done, lost }]) => [
    ...done.map((row) => ({ name, row, write, ending: 'done', shown: describeRow(row) })),
    ...lost.map((row) => ({ name, row, write, ending: 'lost', shown: describeRow(row) })),
  ]);

describe('a write of a connection', () => {
  it.each(casesOf(connectionWrites))('$name is $ending on a row $shown', async (input) => {
    const row = { ...underWay, ...input.row };

    const found = await tryWrite(connectionStore(), { ...input, name: connectionsName, row });

    expect(found).toEqual({ ending: input.ending, isChanged: input.ending === 'done' });
  });
});

describe('another seal', () => {
  it.each(casesOf(credentialWrites))('$name is $ending on a row $shown', async (input) => {
    const row = { ...underWay, ...input.row };

    const found = await tryWrite(sealedValues(), { ...input, name: connectionsName, row });

    expect(found).toEqual({ ending: input.ending, isChanged: input.ending === 'done' });
  });

  it.each(casesOf(tokenSealWrites))('$name is $ending on a row $shown', async (input) => {
    const row = { ...published, ...input.row };

    const found = await tryWrite(sealedValues(), { ...input, name: tokensName, row });

    expect(found).toEqual({ ending: input.ending, isChanged: input.ending === 'done' });
  });
});

describe('a write of a token', () => {
  it.each(casesOf(tokenWrites))('$name is $ending on a row $shown', async (input) => {
    const store = dynamodbTokenStore({ client: dynalite.client, name: tokensName });
    const row = { ...published, ...input.row };

    const found = await tryWrite(store, { ...input, name: tokensName, row });

    expect(found).toEqual({ ending: input.ending, isChanged: input.ending === 'done' });
  });
});
