import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { ConnectionStore, DueConnection } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import { type ConnectionTable, store } from './connection-table.ts';
import { allOf, attributes, compare, placeholders } from './expression.ts';
import { type Item, parseKeyText } from './row.ts';
import { calling } from './store-fault.ts';

/** The sparse index `due`: partition `shard`, sort `refresh_at`, keys only. */
export function dueIndex(table: ConnectionTable): Pick<ConnectionStore, 'listDue'> {
  return {
    listDue: async ({ shard, now, limit, cursor }) => {
      const query = allOf(compare('shard', 'is', shard), compare('refresh_at', 'atMost', now));
      const answer = await calling({ store, operation: 'listDue' }, () =>
        table.client.send(
          new QueryCommand({
            TableName: table.name,
            IndexName: 'due',
            KeyConditionExpression: query.text,
            ...placeholders(query),
            Limit: limit,
            ...(cursor !== undefined && { ExclusiveStartKey: startKey(shard, cursor) }),
          }),
        ),
      );
      const due = (answer.Items ?? []).flatMap(parseDue);
      const last = answer.LastEvaluatedKey;
      return last ? { due, cursor: buildCursor(last) } : { due };
    },
  };
}

/** An entry whose key addresses nobody is passed over, so that it delays nobody. */
function parseDue(item: Item): readonly DueConnection[] {
  const address = parseKeyText(item.pk?.S ?? '');
  const refreshAt = Number(item.refresh_at?.N);
  return address && Number.isSafeInteger(refreshAt)
    ? [{ ...address, refreshAt: epochSeconds(refreshAt) }]
    : [];
}

function buildCursor(last: Item): string {
  return Buffer.from(`${last.refresh_at?.N} ${last.pk?.S}`).toString('base64url');
}

function startKey(shard: number, cursor: string) {
  const [, refreshAt, key] =
    /^(\d{1,15}) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (refreshAt === undefined || key === undefined) {
    throw new Fault('REQUEST_INVALID', { problems: ['cursor is not one of this list'] });
  }
  const at: EpochSeconds = epochSeconds(Number(refreshAt));
  return attributes({ pk: key, shard, refresh_at: at });
}
