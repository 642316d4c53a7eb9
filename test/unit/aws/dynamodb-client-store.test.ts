/** Each condition of each write of a client's row, alone, and how often a row is written. */
import { isDeepStrictEqual } from 'node:util';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbClientStore } from '../../../lib/aws/dynamodb-client-store.ts';
import { attributes } from '../../../lib/aws/expression.ts';
import { readItem } from '../../../lib/aws/row.ts';
import type { ClientStore } from '../../../lib/broker/client-ports.ts';
import { seconds } from '../../../lib/time.ts';
import { aKey, at } from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { interposed } from '../../support/interposed.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { startScriptedService } from '../../support/scripted-service.ts';
import { plainTable } from '../../support/tables.ts';

type Row = Readonly<Record<string, unknown>>;

const { client } = aKey();
const grants = { at: at(1000), windowSeconds: seconds(600) };

let dynalite: Dynalite;
let name: string;
let commands: { readonly command: string; readonly input: object }[] = [];
beforeAll(async () => {
  dynalite = await startDynalite();
  name = await dynalite.createTable(plainTable);
  dynalite.client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        commands.push({ command: commandName, input: args.input });
        return next(args);
      },
    { step: 'initialize' },
  );
});
afterAll(() => dynalite.close());
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** Puts the row there, writes, and tells what that answered and what the row is then. */
async function tryWrite(row: Row, write: (store: ClientStore) => Promise<unknown>) {
  const item = attributes({ pk: client, ...row });
  await dynalite.client.send(new PutItemCommand({ TableName: name, Item: item }));
  const table = { client: dynalite.client, name };
  commands = [];
  const answer = await write(dynamodbClientStore(table));
  const sent = [...commands];
  const after = await readItem(table, client, {
    store: 'any',
    operation: 'read',
    consistent: true,
  });
  return { answer, sent, isChanged: !isDeepStrictEqual(after, item) };
}

const countTrouble = (store: ClientStore) => store.countTrouble(client, at(100));
const takeProbe = (store: ClientStore) => store.takeProbe(client, { now: at(100), until: at(130) });
const countRefused = (store: ClientStore) => store.countRefusedGrant(client, grants);

describe('a call without an answer', () => {
  it.each([
    ['a breaker that never opened', {}, 1],
    ['one that was open until the call began', { open_until: at(100), troubles: 5 }, 6],
    ['one that opened since', { open_until: at(101), troubles: 5 }, undefined],
  ])('is counted by %s', async (_, row, count) => {
    expect(await tryWrite(row, countTrouble)).toMatchObject({
      answer: count,
      isChanged: count !== undefined,
    });
  });
});

describe('the probe of a breaker', () => {
  it.each([
    ['that is half-open', { open_until: at(100) }, 'done'],
    ['whose probe has ended', { open_until: at(90), probe_until: at(100) }, 'done'],
    ['that is open', { open_until: at(101) }, 'lost'],
    ['that is closed', {}, 'lost'],
    ['whose probe another makes', { open_until: at(90), probe_until: at(101) }, 'lost'],
  ])('%s', async (_, row, ending) => {
    expect(await tryWrite(row, takeProbe)).toMatchObject({
      answer: ending,
      isChanged: ending === 'done',
    });
  });
});

describe('the refusal of a version', () => {
  it.each([
    ['is cleared', 'version-2', true],
    ['of an older one is not', 'version-1', false],
    ['of a newer one is not', 'version-3', false],
  ])('%s', async (_, refused, isChanged) => {
    const row = { refused_version: refused, refused_at: at(1) };

    expect(await tryWrite(row, (store) => store.clearRefused(client, 'version-2'))).toMatchObject({
      isChanged,
    });
  });
});

describe('a refused grant', () => {
  const since = (seconds: number, refused: number, before?: number): Row => ({
    refused_grants_since: at(seconds),
    refused_grants: refused,
    refused_grants_before: before,
  });

  it.each([
    ['the first of all', {}, 1],
    ['in the last second of a window', since(401, 3), 4],
    ['in a window after one of more', since(401, 3, 9), 9],
    ['after a window', since(400, 3), 3],
    ['after a window that had one', since(400, 1), 1],
    ['after a window that somebody began without counting', { refused_grants_since: at(400) }, 1],
    ['in the last second of the window after', since(-199, 3), 3],
    ['later than that', since(-200, 3), 1],
  ])('is counted %s', async (_, row, count) => {
    expect((await tryWrite(row, countRefused)).answer).toBe(count);
  });

  it('is counted in one write, and in two more at the beginning of a window', async () => {
    const within = await tryWrite(since(900, 3), countRefused);
    const first = await tryWrite(since(0, 3), countRefused);

    expect(within.sent.map(({ command }) => command)).toEqual(['UpdateItemCommand']);
    expect(first.sent.map(({ command }) => command)).toEqual([
      'UpdateItemCommand',
      'GetItemCommand',
      'UpdateItemCommand',
    ]);
  });

  it.each([
    ['none was there', {}],
    ['an old one was there', since(-500, 3)],
  ])('is counted in a window that another begins at the same moment, where %s', async (_, row) => {
    const answers = await tryWrite(row, (store) =>
      Promise.all([countRefused(store), countRefused(store)]),
    );

    expect(answers.answer).toEqual(expect.arrayContaining([1, 2]));
  });
});

it('counts a refused grant anew where the window that it read is another by then', async () => {
  const put = (since: number, refused: number) => {
    const window = { refused_grants_since: at(since), refused_grants: refused };
    const item = attributes({ pk: client, ...window });
    return dynalite.client.send(new PutItemCommand({ TableName: name, Item: item }));
  };
  await put(350, 3);
  let calls = 0;
  const slow = interposed(dynalite.client, async (_, call) => {
    calls += 1;
    // The first is the write that finds the window over, the second reads it.
    const isReading = calls === 2;
    const answer = await call();
    if (isReading) await put(340, 5);
    return answer;
  });

  expect(await countRefused(dynamodbClientStore({ client: slow, name }))).toBe(5);
});

describe('a refused grant that others count at the same moment', () => {
  const conditionFalse = {
    status: 400,
    body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' },
  };

  /** A store on a DynamoDB where each write finds its condition false but those of `taken`. */
  async function scriptedStore(row: Row, taken: readonly number[] = []) {
    let updates = 0;
    const service = await startScriptedService(({ operation }) => {
      if (operation === 'GetItem') return { body: { Item: attributes({ pk: client, ...row }) } };
      updates += 1;
      return taken.includes(updates)
        ? { body: { Attributes: attributes({ pk: client, refused_grants: 7 }) } }
        : conditionFalse;
    });
    const dynamodb = new DynamoDBClient({ endpoint: service.url, ...localCredentials });
    endings.push(async () => {
      dynamodb.destroy();
      await service.close();
    });
    return {
      store: dynamodbClientStore({ client: dynamodb, name: 'table' }),
      updates: () => updates,
    };
  }

  it.each([1000, 999, 401])(
    'is counted in the window that one of them began at %i',
    async (since) => {
      const { store, updates } = await scriptedStore({ refused_grants_since: at(since) }, [2]);

      expect(await countRefused(store)).toBe(7);
      expect(updates()).toBe(2);
    },
  );

  it('is given up after five rounds, naming that', async () => {
    const { store, updates } = await scriptedStore({ refused_grants_since: at(0) });

    await expect(countRefused(store)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'clients', operation: 'countRefusedGrant', reason: 'contention' },
    });
    expect(updates()).toBe(10);
  });
});

it('reads a client’s row consistently', async () => {
  const { sent } = await tryWrite({}, (store) => store.read(client));

  expect(sent).toMatchObject([{ command: 'GetItemCommand', input: { ConsistentRead: true } }]);
});
