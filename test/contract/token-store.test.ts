import { afterAll, beforeAll } from 'vitest';
import { dynamodbTokenStore } from '../../lib/aws/dynamodb-token-store.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memoryTokenStore } from '../support/memory-token-store.ts';
import { plainTable } from '../support/tables.ts';
import { tokenStoreContract } from './token-store.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

tokenStoreContract('in memory', async () => memoryTokenStore());
tokenStoreContract('on DynamoDB', async () =>
  dynamodbTokenStore({
    client: dynalite.client,
    name: await dynalite.createTable(plainTable),
  }),
);
