import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Fault } from '../fault.ts';
import { type ConnectionKey, isClientName, isConnectionId } from '../names.ts';
import { type Members, parseMembers } from './members.ts';
import { calling, type StoreCall, storeFault } from './store-fault.ts';

/** An item as the SDK returns it. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** A table, and the client to reach it by. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** Reads one item by its key; undefined when there is none. */
export async function readItem(
  { client, name }: Table,
  key: string,
  call: StoreCall & { readonly consistent: boolean },
): Promise<Item | undefined> {
  const { consistent, ...place } = call;
  const { Item: item } = await calling(place, () =>
    client.send(
      new GetItemCommand({ TableName: name, Key: { pk: { S: key } }, ConsistentRead: consistent }),
    ),
  );
  return item;
}

/**
 * Makes a conditional write.
 *
 * The SDK repeats a request whose answer it lost. If the first one was applied, the second finds the
 * condition false: `'lost'` can mean that the write was ours, and the writer has to read again.
 */
export async function writing(
  call: StoreCall,
  send: () => Promise<unknown>,
): Promise<'done' | 'lost'> {
  try {
    await send();
    return 'done';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'lost';
    throw storeFault(call, error);
  }
}

/**
 * Makes a conditional write that answers with the item, as it was or as it has become.
 *
 * Where it is a delete, at most one taker gets the item. One whose answer is lost on the way gets
 * nothing, and neither does anybody else.
 */
export async function exchanging(
  call: StoreCall,
  send: () => Promise<{ readonly Attributes?: Item | undefined }>,
): Promise<Item | undefined> {
  try {
    return (await send()).Attributes;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw storeFault(call, error);
  }
}

/**
 * Translates an item of ours.
 *
 * @throws {Fault} `ROW_INVALID` naming every faulty attribute and repeating no value.
 */
export function parseRow<Value>(
  table: string,
  item: Item,
  build: (members: Members) => Value,
): Value {
  const refusal = (problems: readonly string[]) => rowInvalid(table, item, problems);
  return parseMembers(plainRow(table, item), build, refusal);
}

/** Translates an item whose key is `client/connection`. @throws {Fault} `ROW_INVALID` */
export function parseAddressedRow<Value>(
  table: string,
  item: Item,
  build: (members: Members, address: ConnectionKey) => Value,
): Value {
  const address = parseKeyText(item.pk?.S ?? '');
  if (!address) throw rowInvalid(table, item, ['pk must be client/connection']);
  return parseRow(table, item, (members) => build(members, address));
}

/** The address in a partition key `client/connection`; undefined for any other key. */
export function parseKeyText(key: string): ConnectionKey | undefined {
  const [client, connection, ...rest] = key.split('/');
  if (!isClientName(client) || !isConnectionId(connection) || rest.length > 0) return undefined;
  return { client, connection };
}

function plainRow(table: string, item: Item): unknown {
  try {
    return unmarshall(item);
  } catch {
    // It throws for a number that JavaScript cannot hold, and quotes it.
    throw rowInvalid(table, item, ['an attribute cannot be represented']);
  }
}

function rowInvalid(table: string, item: Item, problems: readonly string[]) {
  return new Fault('ROW_INVALID', { table, key: item.pk?.S ?? '', problems });
}
