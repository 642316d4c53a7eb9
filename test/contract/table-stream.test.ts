import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { type ChangeRecord, startChangeFeed } from '../../local/change-feed.ts';
import type { RunningServer } from '../../local/http-server.ts';
import type { Part } from '../../local/stack-parts.ts';
import { createTable } from '../../local/tables.ts';
import { followStreams } from '../engines/follow-streams.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { nameOfItsOwn, startDynamoDbService, workerEngines } from '../support/services.ts';
import { connectionsTable } from '../support/tables.ts';
import { type StreamUnderTest, tableStreamContract } from './table-stream.ts';

let server: RunningServer;
const parts: Part[] = [];
beforeAll(async () => {
  server = await startDynamoDbService();
});
afterAll(async () => {
  for (const part of parts.toReversed()) await part.close();
  await server.close();
});

/** A table of its own at this address. */
async function createStreamed(endpoint: string): Promise<Omit<StreamUnderTest, 'told'>> {
  const client = new DynamoDBClient({ endpoint, ...localCredentials });
  parts.push({ close: async () => client.destroy() });
  const name = nameOfItsOwn('table');
  await createTable(client, {
    ...connectionsTable(name),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  return { client, name };
}

tableStreamContract('a change feed in front of DynamoDB', async () => {
  const records: ChangeRecord[] = [];
  const tables: string[] = [];
  const feed = await startChangeFeed({
    port: 0,
    target: server.url,
    tables,
    onChange: (_table, record) => records.push(record),
  });
  parts.push(feed);
  const table = await createStreamed(feed.url);
  tables.push(table.name);
  return { ...table, told: () => records };
});

if (workerEngines()) {
  tableStreamContract('DynamoDB Local', async () => {
    const records: ChangeRecord[] = [];
    const table = await createStreamed(server.url);
    parts.push(
      await followStreams(server.url, {
        tables: [table.name],
        onChange: (_table, record) => records.push(record),
      }),
    );
    return { ...table, told: () => records };
  });
}
