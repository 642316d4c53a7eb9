import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { startDynamoDb } from '../../local/dynamodb-server.ts';
import { localCredentials } from './local-credentials.ts';

/** A running stand-in for DynamoDB, in memory, on a free port. */
export interface Dynalite {
  readonly client: DynamoDBClient;
  /** Creates a table of its own for one test and answers its name. */
  readonly createTable: (describe: (name: string) => CreateTableCommandInput) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const server = await startDynamoDb({ port: 0 });
  const client = new DynamoDBClient({ endpoint: server.url, ...localCredentials });
  let tables = 0;
  return {
    client,
    createTable: async (describe) => {
      tables += 1;
      const name = `table-${tables}`;
      await client.send(new CreateTableCommand(describe(name)));
      return name;
    },
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}
