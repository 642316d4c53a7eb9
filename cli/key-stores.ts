import { connectionDirectory } from '../lib/aws/connection-directory.ts';
import { dynamodbKeyRecords } from '../lib/aws/dynamodb-key-records.ts';
import { dynamodbResealProgress } from '../lib/aws/dynamodb-reseal-progress.ts';
import { dynamodbSealedValues } from '../lib/aws/dynamodb-sealed-values.ts';
import { secretsKeyRingStore } from '../lib/aws/secrets-key-ring-store.ts';
import { secretsKeyRings } from '../lib/aws/secrets-key-rings.ts';
import { sqsSealedMessages } from '../lib/aws/sqs-sealed-messages.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import type { Log } from '../lib/broker/ports.ts';
import { jweResealer } from '../lib/sealing/jwe-sealer.ts';
import type { Session } from './session.ts';
import { openStores } from './stores.ts';

/** The rings, and everything that is sealed with them, with the operator's own rights. */
export function openKeyStores(session: Session) {
  const { clock } = session;
  const stage = session.stage();
  const dynamodb = session.aws().dynamodb();
  const secrets = session.aws().secrets();
  const connections = { client: dynamodb, name: `evergrant-${stage}-connections` };
  const tokens = { client: dynamodb, name: `evergrant-${stage}-tokens` };
  const stores = openStores(session);
  return {
    connections: stores.connections,
    tokens: stores.tokens,
    rings: secretsKeyRingStore({ client: secrets, stage, randomToken }),
    resealer: jweResealer(secretsKeyRings({ client: secrets, stage, clock })),
    records: dynamodbKeyRecords(connections),
    progress: dynamodbResealProgress(connections),
    sealedValues: dynamodbSealedValues({ connections, tokens }),
    directory: connectionDirectory({ secrets, stage, connections }),
    countSealedMessages: sqsSealedMessages({ client: session.aws().sqs(), stage }),
    clock,
    randomToken,
    log: remarks(session),
  };
}

/** What a function would log, a person reads: where something is wrong, in one line each. */
function remarks({ print }: Session): Log {
  const say = (event: string, details: object = {}) =>
    print.note(`${event} ${JSON.stringify(details)}`);
  return { info: () => undefined, warn: say, error: say };
}
