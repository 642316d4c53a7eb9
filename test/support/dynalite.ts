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
  /** Another client, which the test destroys. */
  readonly newClient: () => DynamoDBClient;
  /** Creates a table of its own for one test and answers its name. */
  readonly createTable: (describe: (name: string) => CreateTableCommandInput) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const server = await startDynamoDb({ port: 0 });
  const newClient = () => new DynamoDBClient({ endpoint: server.url, ...localCredentials });
  const client = newClient();
  let tables = 0;
  return {
    client,
    newClient,
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
