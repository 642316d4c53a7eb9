import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

const byKeyText = {
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
} as const satisfies Partial<CreateTableCommandInput>;

/** The table of connections with its two indexes, as far as a stand-in can have them. */
export function connectionsTable(name: string): CreateTableCommandInput {
  return {
    ...byKeyText,
    TableName: name,
    AttributeDefinitions: [
      ...byKeyText.AttributeDefinitions,
      { AttributeName: 'shard', AttributeType: 'N' },
      { AttributeName: 'refresh_at', AttributeType: 'N' },
      { AttributeName: 'client', AttributeType: 'S' },
      { AttributeName: 'connection', AttributeType: 'S' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'shard', KeyType: 'HASH' },
          { AttributeName: 'refresh_at', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'by_client',
        KeySchema: [
          { AttributeName: 'client', KeyType: 'HASH' },
          { AttributeName: 'connection', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
      },
    ],
  };
}

/** A table that has a partition key and nothing else: tokens, or sessions. */
export function plainTable(name: string): CreateTableCommandInput {
  return { ...byKeyText, TableName: name };
}
