import { afterAll, beforeAll } from 'vitest';
import { dynamodbConnectionStore } from '../../lib/aws/dynamodb-connection-store.ts';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memoryConnectionStore } from '../support/memory-connection-store.ts';
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

const stores: readonly (readonly [string, () => Promise<ConnectionStore>])[] = [
  ['in memory', async () => memoryConnectionStore()],
  [
    'on DynamoDB',
    async () =>
      dynamodbConnectionStore({
        client: dynalite.client,
        name: await dynalite.createTable(connectionsTable),
        dueShards: 8,
      }),
  ],
];

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
