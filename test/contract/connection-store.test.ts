import { afterAll, beforeAll } from 'vitest';
import { dynamodbConnectionStore } from '../../lib/aws/dynamodb-connection-store.ts';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memoryConnectionStore } from '../support/memory-connection-store.ts';
import { preparedWrites } from '../support/prepared-writes.ts';
import { connectionsTable } from '../support/tables.ts';
import { connectionAnswersContract } from './connection-answers.ts';
import { connectionAttemptsContract } from './connection-attempts.ts';
import { connectionFailuresContract } from './connection-failures.ts';
import { connectionLateAnswersContract } from './connection-late-answers.ts';
import { connectionLifeContract } from './connection-life.ts';
import { connectionListsContract } from './connection-lists.ts';
import { connectionRepairsContract } from './connection-repairs.ts';
import { pendingConnectionsContract } from './pending-connections.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

const newTable = async () => ({
  client: dynalite.client,
  name: await dynalite.createTable(connectionsTable),
  dueShards: 8,
});

const stores: readonly (readonly [string, () => Promise<ConnectionStore>])[] = [
  ['in memory', async () => memoryConnectionStore()],
  ['on DynamoDB', async () => dynamodbConnectionStore(await newTable())],
];

/** Keeps every answer by a write that was prepared for it. */
async function preparedStore(): Promise<ConnectionStore> {
  const store = dynamodbConnectionStore({ ...(await newTable()), preparing: preparedWrites });
  return {
    ...store,
    commit: async (key, fence, answer) => {
      const prepared = store.prepareCommit?.(key, fence);
      if (!prepared) throw new Error('nothing is prepared');
      return prepared.commit(answer);
    },
  };
}

for (const [name, emptyStore] of stores) {
  connectionAttemptsContract(name, emptyStore);
  connectionFailuresContract(name, emptyStore);
  connectionAnswersContract(name, emptyStore);
  connectionLateAnswersContract(name, emptyStore);
  connectionLifeContract(name, emptyStore);
  connectionListsContract(name, emptyStore);
  connectionRepairsContract(name, emptyStore);
  pendingConnectionsContract(name, emptyStore);
}

connectionAnswersContract('on DynamoDB, prepared', preparedStore);
connectionLateAnswersContract('on DynamoDB, prepared', preparedStore);
connectionRepairsContract('on DynamoDB, prepared', preparedStore);
