import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { ServiceDefinition } from './service-definition.ts';

const keySchema = v.array(
  v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) }),
);

/**
 * What dynalite takes of a table. It knows neither time to live nor point-in-time recovery nor
 * encryption; streams it takes and ignores.
 */
const tableSchema = v.object({
  TableName: v.string(),
  BillingMode: v.literal('PAY_PER_REQUEST'),
  KeySchema: keySchema,
  AttributeDefinitions: v.array(
    v.object({ AttributeName: v.string(), AttributeType: v.picklist(['S', 'N', 'B']) }),
  ),
  GlobalSecondaryIndexes: v.optional(
    v.array(
      v.object({
        IndexName: v.string(),
        KeySchema: keySchema,
        Projection: v.object({
          ProjectionType: v.picklist(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: v.optional(v.array(v.string())),
        }),
      }),
    ),
  ),
  StreamSpecification: v.optional(
    v.pipe(
      v.object({ StreamViewType: v.literal('NEW_AND_OLD_IMAGES') }),
      v.transform((stream) => ({ StreamEnabled: true, ...stream })),
    ),
  ),
});

/**
 * Creates the tables that `serverless.yml` declares, as far as the stand-in has what they declare.
 * A table that is there already is kept with its items.
 *
 * @throws {Error} when a table that is there has other keys or indexes than declared.
 */
export async function createTables(
  dynamodb: DynamoDBClient,
  { tables }: Pick<ServiceDefinition, 'tables'>,
): Promise<void> {
  await Promise.all(
    Object.values(tables).map(async (properties) => {
      const wanted = v.parse(tableSchema, properties) as CreateTableCommandInput;
      const existing = await describeTable(dynamodb, wanted.TableName);
      if (existing === undefined) await createTable(dynamodb, wanted);
      else assertSameKeys(existing, wanted);
    }),
  );
}

/** Creates a table, and waits until it takes requests. */
export async function createTable(
  dynamodb: DynamoDBClient,
  wanted: CreateTableCommandInput,
): Promise<void> {
  await dynamodb.send(new CreateTableCommand(wanted));
  // The stand-in takes milliseconds, in which the table is not there yet.
  const waiting = { client: dynamodb, maxWaitTime: 60, minDelay: 0.005, maxDelay: 0.5 };
  await waitUntilTableExists(waiting, { TableName: wanted.TableName });
}

async function describeTable(
  dynamodb: DynamoDBClient,
  name: string | undefined,
): Promise<TableDescription | undefined> {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    return Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function assertSameKeys(existing: TableDescription, wanted: CreateTableCommandInput): void {
  if (describeKeys(existing) === describeKeys(wanted)) return;
  throw new Error(
    `the table ${wanted.TableName} was made by another version of this project; ` +
      'remove the folder .evergrant to start with empty tables',
  );
}

type Keyed = Pick<TableDescription, 'KeySchema' | 'GlobalSecondaryIndexes'>;

/** Keys and indexes as one text; indexes come back in any order. */
function describeKeys({ KeySchema = [], GlobalSecondaryIndexes = [] }: Keyed): string {
  const keys = (schema: NonNullable<Keyed['KeySchema']>) =>
    schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join(', ');
  const indexes = GlobalSecondaryIndexes.map(
    ({ IndexName, KeySchema: schema = [], Projection }) =>
      `${IndexName}: ${keys(schema)} ${Projection?.ProjectionType}`,
  );
  return [keys(KeySchema), ...indexes.sort()].join('\n');
}
