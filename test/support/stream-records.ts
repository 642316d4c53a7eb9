import { buildConnectionRow } from '../../lib/aws/connection-row.ts';
import { attributes } from '../../lib/aws/expression.ts';
import type { Item } from '../../lib/aws/row.ts';
import type { StreamRecord } from '../../lib/aws/stream-record.ts';
import type { ConnectionKey } from '../../lib/names.ts';
import { aKey, aNewConnection, at } from './connections.ts';

/** A record of the table's stream; the images in DynamoDB's own JSON. */
export function aStreamRecord(
  pk: string,
  images: { readonly before?: Item; readonly after?: Item },
  position = '100',
) {
  const { before, after } = images;
  return {
    eventID: position,
    eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    dynamodb: {
      Keys: { pk: { S: pk } },
      ...(before && { OldImage: before }),
      ...(after && { NewImage: after }),
      SequenceNumber: position,
      ApproximateCreationDateTime: at(7) + 0.25,
    },
  } satisfies StreamRecord & Readonly<Record<string, unknown>>;
}

/** The row of a connection, as the stream shows it. */
export const aRow = (key: ConnectionKey = aKey(), fence = 1): Item =>
  attributes(buildConnectionRow(aNewConnection({ ...key, fence }), 0));

/** The record of a connection that was made. */
export function aConnectRecord(connection = 'ann', position = '100') {
  const key = aKey(connection);
  return aStreamRecord(`acme/${connection}`, { after: aRow(key) }, position);
}
