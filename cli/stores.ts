/**
 * The tables and secrets themselves, for what only an operator does: with the operator's own rights,
 * past the access policy.
 *
 * @module
 */
import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { dynamodbClientStore } from '../lib/aws/dynamodb-client-store.ts';
import { dynamodbConnectionStore } from '../lib/aws/dynamodb-connection-store.ts';
import { dynamodbTokenStore } from '../lib/aws/dynamodb-token-store.ts';
import { parseKeyText } from '../lib/aws/row.ts';
import { secretsClientRegistry } from '../lib/aws/secrets-client-registry.ts';
import type { ClientStore } from '../lib/broker/client-ports.ts';
import type {
  ClientName,
  ClientRegistry,
  ConnectionKey,
  ConnectionStore,
  TokenStore,
} from '../lib/broker/ports.ts';
import type { Session } from './session.ts';

export interface Stores {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly clientStatus: ClientStore;
  readonly clients: ClientRegistry;
}

/**
 * @param dueShards - as deployed. Only what puts a connection on the schedule or reads the schedule
 *   needs the right number.
 */
export function openStores(
  session: Pick<Session, 'aws' | 'stage' | 'clock'>,
  dueShards = 1,
): Stores {
  const stage = session.stage();
  const client = session.aws().dynamodb();
  const name = `evergrant-${stage}-connections`;
  return {
    connections: dynamodbConnectionStore({ client, name, dueShards }),
    tokens: dynamodbTokenStore({ client, name: `evergrant-${stage}-tokens` }),
    clientStatus: dynamodbClientStore({ client, name }),
    clients: secretsClientRegistry({
      client: session.aws().secrets(),
      stage,
      clock: session.clock,
    }),
  };
}

/**
 * The addresses of all connections of a client, from the index alone: a row that does not read back
 * is found too.
 */
export async function listStoredAddresses(
  { aws, stage }: Pick<Session, 'aws' | 'stage'>,
  client: ClientName,
): Promise<readonly ConnectionKey[]> {
  const found: ConnectionKey[] = [];
  let ExclusiveStartKey: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const page: QueryCommandOutput = await aws()
      .dynamodb()
      .send(
        new QueryCommand({
          TableName: `evergrant-${stage()}-connections`,
          IndexName: 'by_client',
          KeyConditionExpression: 'client = :client',
          ExpressionAttributeValues: { ':client': { S: client } },
          ProjectionExpression: 'pk',
          ...(ExclusiveStartKey && { ExclusiveStartKey }),
        }),
      );
    found.push(...(page.Items ?? []).flatMap((item) => parseKeyText(item.pk?.S ?? '') ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return found;
}
