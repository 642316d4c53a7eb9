/**
 * For each function something that it is to do first, ready to be done.
 *
 * @module
 */
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { parseConnectionKey } from '../../lib/names.ts';
import { epochSeconds } from '../../lib/time.ts';
import { type ConnectionName, connectAll, readFence } from '../stack/callers.ts';
import { askJson } from '../stack/json-call.ts';
import type { Stack } from '../stack/start-stack.ts';
import { nowSeconds } from '../stack/waiting.ts';
import { buildAuthorizeEvent, buildCallbackEvent, buildConnectEvent } from './browser-flow.ts';
import { buildHttpEvent, buildQueueEvent } from './events.ts';

/** Makes an event of its own for each start of a function. */
export type EventSource = () => Promise<object>;

const client = 'cold';
const alive: ConnectionName = { client, connection: 'alive' };
const route = '/connections/{client}/{connection}';

/** @param starts - of each function at most. */
export async function prepareEvents(
  stack: Stack,
  starts: number,
): Promise<Readonly<Record<string, EventSource>>> {
  const [connections] = await stack.start({ key: 'connections', count: 1 });
  const [connect] = await stack.start({ key: 'connect', count: 1 });
  const [authorize] = await stack.start({ key: 'authorize', count: 1 });
  if (!connections) throw new Error('nothing started');
  const flow = { connect, authorize };
  const list = (kind: string): readonly ConnectionName[] =>
    Array.from({ length: starts }, (_, start) => ({ client, connection: `${kind}-${start}` }));
  const lasting = [alive, ...list('ended')];
  await connectAll(stack, [connections], { names: lasting, expiresAt: nowSeconds() + 36_000 });
  await connectAll(stack, [connections], { names: list('spent'), expiresAt: nowSeconds() - 1 });

  const next = { begun: supply('begun'), sent: supply('sent'), back: supply('back') };
  const stored = { spent: supply('spent'), ended: supply('ended') };
  const gone = supply('gone');
  return {
    'empty-handler': async () => ({}),
    'bare-get-item': async () => alive,
    vend: async () => alive,
    'vend-http': async () =>
      buildHttpEvent({ route: `POST ${route}/token`, path: alive, body: {} }),
    connections: async () => buildHttpEvent({ route: `GET ${route}`, path: alive }),
    connect: async () => buildConnectEvent(next.begun()),
    authorize: () => buildAuthorizeEvent(flow, next.sent()),
    callback: () => buildCallbackEvent(flow, next.back()),
    'refresh-due': async () => ({}),
    refresh: async () => {
      const name = stored.spent();
      return { ...name, seen_fence: await readFence(stack, name) };
    },
    recover: async () => buildQueueEvent(buildLateAnswer(gone())),
    revoke: async () => {
      const event = buildHttpEvent({ route: `DELETE ${route}`, path: stored.ended() });
      await askJson(`${connections.url}/invoke`, event);
      return buildQueueEvent(await receiveRevocation(stack));
    },
  };
}

/** Names of one kind, each once. */
function supply(kind: string): () => ConnectionName {
  let given = 0;
  return () => {
    given += 1;
    return { client, connection: `${kind}-${given - 1}` };
  };
}

/** An answer to a connection that is gone: it is looked up, and dropped. */
function buildLateAnswer(name: ConnectionName): string {
  const key = parseConnectionKey(name);
  const now = epochSeconds(nowSeconds());
  return buildRecoveryMessage({
    ...key,
    fence: 1,
    answer: {
      ...{ committedFence: 1, values: {}, lastRefreshedAt: now, expirySource: 'unknown' },
    },
    token: {
      ...{ ...key, fence: 1, state: 'active', sealed: 'sealed', tokenType: 'Bearer' },
      ...{ obtainedAt: now, expirySource: 'unknown', values: {} },
      present: { in: 'header', name: 'Authorization', scheme: 'Bearer' },
    },
  });
}

async function receiveRevocation({ queuesUrl }: Stack): Promise<string> {
  const sqs = new SQSClient({
    ...{ endpoint: queuesUrl, region: 'us-east-1', useQueueUrlAsEndpoint: false },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: `${queuesUrl}/000000000000/evergrant-local-revoke`,
      WaitTimeSeconds: 10,
    }),
  );
  sqs.destroy();
  if (message?.Body === undefined) throw new Error('there is nothing to revoke');
  return message.Body;
}
