import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ResealProgress, ResealProgressStore } from '../broker/key-ports.ts';
import { attributes } from './expression.ts';
import {
  clientName,
  connectionId,
  count,
  instant,
  type Members,
  text,
  withoutUndefined,
} from './members.ts';
import { parseRow, readItem, type Table } from './row.ts';
import { calling } from './store-fault.ts';

const store = 'reseal-progress';
/** A client's name has no colon, nor has a connection's key: this row is neither's. */
const pk = 'keys:reseal';

/** The sweep's progress, in a row of the connections' table that is in no index. */
export function dynamodbResealProgress(table: Table): ResealProgressStore {
  return {
    read: async () => {
      const item = await readItem(table, pk, { store, operation: 'read', consistent: true });
      return item && parseRow(table.name, item, parseProgress);
    },

    write: async (progress) => {
      await calling({ store, operation: 'write' }, () =>
        table.client.send(
          new PutItemCommand({ TableName: table.name, Item: attributes(buildProgress(progress)) }),
        ),
      );
    },
  };
}

function buildProgress({ after, targets, ...progress }: ResealProgress) {
  return {
    pk,
    started_at: progress.startedAt,
    finished_at: progress.finishedAt,
    targets: { access_token: targets['access-token'], renewal: targets.renewal },
    // Within an attribute of its own: as attributes of the row they would put it into an index.
    after: after && { client: after.client, connection: after.connection },
    seen: progress.seen,
    resealed: progress.resealed,
    unopened: progress.unopened,
  };
}

function parseProgress(members: Members): ResealProgress {
  return withoutUndefined<ResealProgress>({
    startedAt: members.required('started_at', instant),
    finishedAt: members.optional('finished_at', instant),
    targets: members.requiredWithin('targets', (targets) => ({
      'access-token': targets.required('access_token', text),
      renewal: targets.required('renewal', text),
    })),
    after: members.within('after', (after) => ({
      client: after.required('client', clientName),
      connection: after.required('connection', connectionId),
    })),
    seen: members.required('seen', count),
    resealed: members.required('resealed', count),
    unopened: members.required('unopened', count),
  });
}
