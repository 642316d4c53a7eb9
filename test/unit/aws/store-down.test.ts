import { inspect } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { dynamodbClientStore } from '../../../lib/aws/dynamodb-client-store.ts';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { dynamodbSessionStore } from '../../../lib/aws/dynamodb-session-store.ts';
import { dynamodbTokenStore } from '../../../lib/aws/dynamodb-token-store.ts';
import { lambdaRefreshInvoker } from '../../../lib/aws/lambda-refresh-invoker.ts';
import { secretsClientRegistry } from '../../../lib/aws/secrets-client-registry.ts';
import { secretsKeyRings } from '../../../lib/aws/secrets-key-rings.ts';
import { sqsDeadEvents } from '../../../lib/aws/sqs-dead-events.ts';
import { sqsRecoveryQueue } from '../../../lib/aws/sqs-recovery-queue.ts';
import { sqsRefreshQueue } from '../../../lib/aws/sqs-refresh-queue.ts';
import { sqsRevocationQueue } from '../../../lib/aws/sqs-revocation-queue.ts';
import { seconds } from '../../../lib/time.ts';
import {
  aCommitted,
  aKey,
  aNewConnection,
  aPendingConnection,
  aStoredToken,
  aTombstone,
  at,
} from '../../support/connections.ts';
import { nobodyListens } from '../../support/local-credentials.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { aConnectSession, aPendingAuthorization } from '../../support/sessions.ts';

const canary = 'CANARY-51';
const key = aKey();
const clock = movingClock();
const table = { client: new DynamoDBClient(nobodyListens), name: 'table' };
const queue = { client: new SQSClient(nobodyListens), url: 'http://127.0.0.1:1/0/queue' };
const stage = { client: new SecretsManagerClient(nobodyListens), stage: 'test', clock };
const token = aStoredToken({ sealed: canary });
const answer = aCommitted({ credential: { sealed: canary, renewal: [] } });
const connection = aNewConnection({ sealedCredential: canary });
const seen = { fence: 1, committedFence: 1, credentialFence: 1 };

const connections = dynamodbConnectionStore({ ...table, dueShards: 8 });
const tokens = dynamodbTokenStore(table);
const sessions = dynamodbSessionStore(table);
const clients = dynamodbClientStore(table);
const lambda = { client: new LambdaClient(nobodyListens), functionName: 'refresh' };

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  'connections.read': () => connections.read(key),
  'connections.acquire': () =>
    connections.acquire({
      key,
      seen,
      fence: 2,
      lease: { owner: canary, until: at(30) },
      now: at(0),
      clockSkewSeconds: seconds(5),
      credentialFence: 1,
    }),
  'connections.release': () => connections.release(key, 1),
  'connections.commit': () => connections.commit(key, 1, answer),
  'connections.commitLate': () => connections.commitLate(key, 1, answer),
  'connections.fail': () =>
    connections.fail(key, 1, { failingSince: at(0), failures: 1, intentSettled: true }),
  'connections.defer': () => connections.defer(key, seen, at(60)),
  'connections.remind': () =>
    connections.remind(
      key,
      { fence: 1, committedFence: 1, remindDays: 30 },
      { remindDays: 7, refreshAt: at(60) },
    ),
  'connections.markDead': () =>
    connections.markDead(key, seen, { reason: 'grant_dead', since: at(0) }),
  'connections.reschedule': () => connections.reschedule(key, 1, answer),
  'connections.quarantine': () => connections.quarantine(key),
  'connections.markUncertain': () =>
    connections.markUncertain({
      key,
      seen,
      intent: { fence: 2, at: at(0), credentialFence: 1 },
      now: at(0),
      clockSkewSeconds: seconds(5),
    }),
  'connections.repin': () => connections.repin(key, 1, { clientId: canary, origins: [] }),
  'connections.connect': () => connections.connect(connection, undefined),
  'connections.remove': () => connections.remove(aTombstone(), 1, at(60)),
  'connections.listDue': () => connections.listDue({ shard: 0, now: at(0), limit: 10 }),
  'connections.listByClient': () => connections.listByClient({ client: key.client, limit: 10 }),
  'connections.holdPending': () =>
    connections.holdPending(aPendingConnection({ connection, token })),
  'connections.readPending': () => connections.readPending(canary, at(0)),
  'connections.takePending': () => connections.takePending(canary, at(0)),
  'tokens.read': () => tokens.read(key, true),
  'tokens.publish': () => tokens.publish(token),
  'tokens.note': () => tokens.note(key, 1, { state: 'failing' }),
  'tokens.claim': () => tokens.claim(key, 1, { by: 'me', until: at(30), now: at(0) }),
  'tokens.remove': () => tokens.remove(aTombstone(), at(60)),
  'sessions.putSession': () => sessions.putSession(aConnectSession({ sessionHash: canary })),
  'sessions.readSession': () => sessions.readSession(canary, at(0)),
  'sessions.putAuthorization': () =>
    sessions.putAuthorization(aPendingAuthorization({ cookieHash: canary })),
  'sessions.takeAuthorization': () => sessions.takeAuthorization(canary, canary, at(0)),
  'clients.read': () => clients.read(key.client),
  'clients.markRefused': () => clients.markRefused(key.client, canary, at(0)),
  'clients.clearRefused': () => clients.clearRefused(key.client, canary),
  'clients.markChanged': () => clients.markChanged(key.client, canary, at(0)),
  'clients.markProven': () => clients.markProven(key.client, canary),
  'clients.countTrouble': () => clients.countTrouble(key.client, at(0)),
  'clients.openBreaker': () => clients.openBreaker(key.client, at(30)),
  'clients.takeProbe': () => clients.takeProbe(key.client, { now: at(0), until: at(30) }),
  'clients.closeBreaker': () => clients.closeBreaker(key.client),
  'clients.countRefusedGrant': () =>
    clients.countRefusedGrant(key.client, { at: at(0), windowSeconds: seconds(600) }),
  'secrets (registration)': () => secretsClientRegistry(stage).read(key.client),
  'secrets (key ring)': () => secretsKeyRings(stage)('renewal'),
  'refresh-queue.send': () =>
    sqsRefreshQueue({ ...queue, clock }).send([{ ...key, refreshAt: at(0), lane: 0 }]),
  'recovery-queue.send': () => sqsRecoveryQueue(queue).send({ ...key, fence: 1, answer, token }),
  'revocation-queue.send': () =>
    sqsRevocationQueue(queue).send({ ...key, fence: 1, sealed: canary }),
  'events-dead-queue.send': () => sqsDeadEvents(queue).send({ position: '1', code: canary }),
  'refresh-function.invoke': () => lambdaRefreshInvoker(lambda).invoke(key, 5000),
};

describe('when an AWS service does not answer', () => {
  it('is tried with every method of every store', () => {
    const methods = Object.entries({ connections, tokens, sessions, clients }).flatMap(
      ([store, each]) => Object.keys(each).map((method) => `${store}.${method}`),
    );

    expect(methods.filter((method) => !Object.hasOwn(calls, method))).toEqual([]);
  });

  it.each(Object.keys(calls))('%s throws STORE_UNAVAILABLE, with nothing secret', async (name) => {
    const fault = await calls[name]?.().catch((error: unknown) => error);

    expect(fault).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: name.split(/[. ]/)[0], operation: expect.any(String) },
    });
    expect(fault).not.toHaveProperty('cause');
    expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain(canary);
  });
});
