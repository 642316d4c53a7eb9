/**
 * The least that reads a token: the SDK's client, and one GetItem.
 *
 * @module
 */
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';

const client = new DynamoDBClient({});
const { TOKENS_TABLE: tableName } = process.env;

export const handler = async (event: { readonly client: string; readonly connection: string }) => {
  const key = { pk: { S: `${event.client}/${event.connection}` } };
  const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key }));
  return Item ?? { error: 'not there' };
};
