import { afterAll, beforeAll } from 'vitest';
import { dynamodbClientStore } from '../../lib/aws/dynamodb-client-store.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memoryClientStore } from '../support/memory-client-store.ts';
import { connectionsTable } from '../support/tables.ts';
import { clientStoreContract } from './client-store.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

clientStoreContract('in memory', async () => memoryClientStore());
clientStoreContract('on DynamoDB', async () =>
  dynamodbClientStore({
    client: dynalite.client,
    name: await dynalite.createTable(connectionsTable),
  }),
);
