import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { sqsDeadEvents } from '../../../lib/aws/sqs-dead-events.ts';
import { aKey, at } from '../../support/connections.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { type ServiceReply, startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function aQueue(reply: ServiceReply = { body: { MessageId: 'm' } }) {
  const sent: { readonly QueueUrl: string; readonly MessageBody: string }[] = [];
  const service = await startScriptedService(({ body }) => {
    sent.push(JSON.parse(body));
    return reply;
  });
  const client = new SQSClient({
    endpoint: service.url,
    ...localCredentials,
    ...{ md5: false, useQueueUrlAsEndpoint: false, maxAttempts: 1 },
  });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const url = `${service.url}/0/events-dead`;
  return { queue: sqsDeadEvents({ client, url }), sent, url };
}

describe('sqsDeadEvents', () => {
  it('writes down a record that could not be read, and whose it is', async () => {
    const { queue, sent, url } = await aQueue();

    await queue.send({
      ...{ position: '42', code: 'unreadable', problems: ['fence is missing'], key: aKey() },
    });

    expect(sent.map(({ QueueUrl }) => QueueUrl)).toEqual([url]);
    expect(JSON.parse(sent[0]?.MessageBody ?? '')).toEqual({
      ...{ version: 1, stream_sequence_number: '42', code: 'unreadable' },
      ...{ problems: ['fence is missing'], client: 'acme', connection: 'ann' },
    });
  });

  it('writes down an event that the bus refuses, as the bus would have told it', async () => {
    const { queue, sent } = await aQueue();
    const event = { type: 'connection.revoked', occurredAt: at(7), detail: { id: 1 } } as const;

    await queue.send({ position: '43', code: 'MalformedDetail', event });

    expect(JSON.parse(sent[0]?.MessageBody ?? '')).toEqual({
      ...{ version: 1, stream_sequence_number: '43', code: 'MalformedDetail' },
      event: { 'detail-type': 'connection.revoked', detail: { id: 1 } },
    });
  });

  it('fails where the queue does not take it', async () => {
    const { queue } = await aQueue({ status: 400, body: { __type: 'QueueDoesNotExist' } });

    await expect(queue.send({ position: '44', code: 'too_large' })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'events-dead-queue', operation: 'send' },
    });
  });
});
