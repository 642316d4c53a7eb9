import { type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTable } from '../../local/tables.ts';
import { localCredentials } from './local-credentials.ts';
import { nameOfItsOwn, startDynamoDbService } from './services.ts';

/** A running DynamoDB: dynalite in memory, on a free port, or the engine that the run was given. */
export interface Dynalite {
  readonly client: DynamoDBClient;
  /** Another client, which the test destroys. */
  readonly newClient: () => DynamoDBClient;
  /** Creates a table of its own for one test and answers its name. */
  readonly createTable: (describe: (name: string) => CreateTableCommandInput) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function startDynalite(): Promise<Dynalite> {
  const server = await startDynamoDbService();
  const newClient = () => new DynamoDBClient({ endpoint: server.url, ...localCredentials });
  const client = newClient();
  return {
    client,
    newClient,
    createTable: async (describe) => {
      const name = nameOfItsOwn('table');
      await createTable(client, describe(name));
      return name;
    },
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}
