import { afterAll, beforeAll } from 'vitest';
import { dynamodbSessionStore } from '../../lib/aws/dynamodb-session-store.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { memorySessionStore } from '../support/memory-session-store.ts';
import { plainTable } from '../support/tables.ts';
import { sessionStoreContract } from './session-store.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

sessionStoreContract('in memory', async () => memorySessionStore());
sessionStoreContract('on DynamoDB', async () =>
  dynamodbSessionStore({
    client: dynalite.client,
    name: await dynalite.createTable(plainTable),
  }),
);
