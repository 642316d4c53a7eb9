/** The stores of the simulation behave as the ones on DynamoDB do, call by call. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbConnectionStore } from '../../lib/aws/dynamodb-connection-store.ts';
import { dynamodbTokenStore } from '../../lib/aws/dynamodb-token-store.ts';
import type { ConnectionKey, ConnectionStore, TokenStore } from '../../lib/broker/ports.ts';
import { keyText } from '../../lib/names.ts';
import { later, seconds } from '../../lib/time.ts';
import { aKey, aNewConnection, aStoredToken } from '../support/connections.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memoryConnectionStore } from '../support/memory-connection-store.ts';
import { memoryTokenStore } from '../support/memory-token-store.ts';
import { aMoment } from '../support/moving-clock.ts';
import { connectionsTable, plainTable } from '../support/tables.ts';
import { type Random, seededRandom } from './random.ts';
import { connectionDeed, type StoreDeed, tokenDeed } from './store-deeds.ts';

const histories = 24;
const deedsEach = 22;
const dueShards = 8;

let dynalite: Dynalite;
let connections: ConnectionStore;
let tokens: TokenStore;
beforeAll(async () => {
  dynalite = await startDynalite();
  const { client } = dynalite;
  connections = dynamodbConnectionStore({
    client,
    name: await dynalite.createTable(connectionsTable),
    dueShards,
  });
  tokens = dynamodbTokenStore({ client, name: await dynalite.createTable(plainTable) });
});
afterAll(() => dynalite.close());

/** A history of its own: names that no other uses, and a clock that goes on by some seconds. */
async function act(
  seed: number,
  deed: (random: Random, key: ConnectionKey, now: ReturnType<typeof later>) => Promise<void>,
): Promise<void> {
  const random = seededRandom(seed);
  const key = aKey(`c${seed}`);
  let now = aMoment;
  for (let count = 0; count < deedsEach; count += 1) {
    now = later(now, seconds(random.pick([0, 1, 10, 40])));
    await deed(random, key, now);
  }
}

/** What a deed came to: its result and the row it left. */
async function outcomeOf<Store>(
  store: Store,
  deed: StoreDeed<Store>,
  read: (store: Store) => Promise<unknown>,
) {
  return { deed: deed.name, result: await deed.run(store), row: await read(store) };
}

describe('the model of the stores and the stores on DynamoDB', () => {
  it('make the same of the same calls on connections', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= histories; seed += 1) {
      const model = memoryConnectionStore([], { dueShards });
      const first = aNewConnection({ ...aKey(`c${seed}`), fence: 10 });
      await Promise.all([model.connect(first, undefined), connections.connect(first, undefined)]);
      await act(seed, async (random, key, now) => {
        const row = model.rows.get(keyText(key));
        const deed = connectionDeed({ random, key, row, now });
        const read = (store: ConnectionStore) => store.read(key);

        const modelled = await outcomeOf<ConnectionStore>(model, deed, read);
        const real = await outcomeOf(connections, deed, read);

        expect(real).toEqual(modelled);
        const ending = `${deed.name} ${String(real.result)}`;
        seen.set(ending, (seen.get(ending) ?? 0) + 1);
      });
    }

    expect([...seen.keys()].toSorted()).toEqual(
      [
        'acquire',
        'commit',
        'commitLate',
        'connect',
        'defer',
        'fail',
        'markDead',
        'release',
        'remove',
        'reschedule',
      ]
        .flatMap((name) => [`${name} done`, `${name} lost`])
        .toSorted(),
    );
  });

  it('make the same of the same calls on tokens', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= histories; seed += 1) {
      const model = memoryTokenStore();
      const first = aStoredToken({ ...aKey(`c${seed}`), fence: 10 });
      await Promise.all([model.publish(first), tokens.publish(first)]);
      await act(seed, async (random, key, now) => {
        const row = model.rows.get(keyText(key));
        const deed = tokenDeed({ random, key, row, now });
        const read = (store: TokenStore) => store.read(key, true);

        const modelled = await outcomeOf<TokenStore>(model, deed, read);
        const real = await outcomeOf(tokens, deed, read);

        expect(real).toEqual(modelled);
        seen.add(`${deed.name} ${String(real.result)}`);
      });
    }

    expect([...seen].toSorted()).toEqual(
      ['claim', 'note', 'publish', 'remove']
        .flatMap((name) => [`${name} done`, `${name} lost`])
        .toSorted(),
    );
  });

  it('show the same connections as due', async () => {
    const now = later(aMoment, seconds(2 * 3600));
    const model = memoryConnectionStore([], { dueShards });
    for (let seed = 1; seed <= histories; seed += 1) {
      const row = await connections.read(aKey(`c${seed}`));
      if (row) model.put(row);
    }

    for (let shard = 0; shard < dueShards; shard += 1) {
      const input = { shard, now, limit: 100 };
      const [modelled, real] = [await model.listDue(input), await connections.listDue(input)];
      const sorted = (due: readonly object[]) => due.map((one) => JSON.stringify(one)).toSorted();
      expect(sorted(real.due)).toEqual(sorted(modelled.due));
    }
  });
});
