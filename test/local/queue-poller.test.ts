import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Reply, type RunningServer, startHttpServer } from '../../local/http-server.ts';
import { type QueuePoller, type QueueRoute, startQueuePoller } from '../../local/queue-poller.ts';
import { startQueues } from '../../local/queue-server.ts';

const functionName = 'evergrant-local-refresh';
const nothingFailed: Reply = { status: 200, body: '{"batchItemFailures":[]}' };

/** Decides the answer to one invocation; `count` says the how many-th it is. */
type Handler = (event: SQSEvent, count: number) => Reply | Promise<Reply>;

let queues: RunningServer;
let sqs: SQSClient;
let closers: (() => Promise<void>)[];

beforeEach(async () => {
  queues = await startQueues({ port: 0 });
  sqs = new SQSClient({
    endpoint: queues.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
  closers = [];
});

afterEach(async () => {
  for (const close of closers) await close();
  sqs.destroy();
  await queues.close();
});

const createQueue = (queueName: string, attributes: Record<string, string> = {}) =>
  sqs.send(new CreateQueueCommand({ QueueName: queueName, Attributes: attributes }));

const createFifo = (attributes: Record<string, string> = {}) =>
  createQueue('refresh.fifo', { FifoQueue: 'true', VisibilityTimeout: '60', ...attributes });

const send = (queueName: string, body: string, group?: string) =>
  sqs.send(
    new SendMessageCommand({
      QueueUrl: `${queues.url}/000000000000/${queueName}`,
      MessageBody: body,
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
      ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: body }),
    }),
  );

/** How many messages the queue holds, visible or under way. */
async function countMessages(queueName: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: `${queues.url}/000000000000/${queueName}`,
      AttributeNames: ['All'],
    }),
  );
  return (
    Number(Attributes.ApproximateNumberOfMessages) +
    Number(Attributes.ApproximateNumberOfMessagesNotVisible)
  );
}

/** Ends the time for which the messages of an event are invisible, as it would end by itself. */
async function bringBack(queueName: string, event: SQSEvent | undefined): Promise<void> {
  for (const { receiptHandle } of event?.Records ?? []) {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: `${queues.url}/000000000000/${queueName}`,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: 0,
      }),
    );
  }
}

/** A poller for `route`, and a Lambda endpoint that answers as `handler` says. */
async function poll(route: Partial<QueueRoute> & { queueName: string }, handler: Handler) {
  const events: SQSEvent[] = [];
  const lambda = await startHttpServer(
    async ({ url }, body) => {
      expect(url).toBe(`/2015-03-31/functions/${functionName}/invocations`);
      const event = JSON.parse(body.toString()) as SQSEvent;
      events.push(event);
      return handler(event, events.length);
    },
    { port: 0, maxBodyBytes: 1_000_000 },
  );
  const poller: QueuePoller = startQueuePoller({
    sqs: queues.url,
    lambda: lambda.url,
    routes: [
      { functionName, batchSize: 10, maximumConcurrency: 4, reportsFailures: true, ...route },
    ],
  });
  closers.push(poller.close, lambda.close);
  return { events, bodies: () => events.flatMap(({ Records }) => Records.map(({ body }) => body)) };
}

function eventually(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 120_000, interval: 20 });
}

test('a message reaches the function as an event of its queue, and is then deleted', async () => {
  await createFifo();
  await send('refresh.fifo', '{"pk":"hurma-acme/ann"}', 'hurma-acme#0');

  const { events } = await poll({ queueName: 'refresh.fifo' }, () => nothingFailed);

  await eventually(async () => expect(await countMessages('refresh.fifo')).toBe(0));
  expect(events).toHaveLength(1);
  expect(events[0]?.Records).toEqual([
    {
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.stringMatching(/./),
      body: '{"pk":"hurma-acme/ann"}',
      attributes: expect.objectContaining({
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        MessageDeduplicationId: '{"pk":"hurma-acme/ann"}',
        MessageGroupId: 'hurma-acme#0',
        SenderId: '000000000000',
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SequenceNumber: expect.stringMatching(/^\d+$/),
      }),
      messageAttributes: {
        kind: {
          stringValue: 'test',
          dataType: 'String',
          stringListValues: [],
          binaryListValues: [],
        },
      },
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:refresh.fifo',
      awsRegion: 'us-east-1',
    },
  ]);
});

test('only what the function reports as failed comes again', async () => {
  await createQueue('recovery', { VisibilityTimeout: '60' });
  for (const body of ['good', 'bad', 'fine']) await send('recovery', body);

  const { events, bodies } = await poll({ queueName: 'recovery' }, ({ Records }) => {
    const failed = Records.filter(
      ({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1',
    );
    const batchItemFailures = failed.map(({ messageId }) => ({ itemIdentifier: messageId }));
    return { status: 200, body: JSON.stringify({ batchItemFailures }) };
  });
  await eventually(async () => expect(await countMessages('recovery')).toBe(1));
  const [failed] = events.flatMap(({ Records }) => Records.filter(({ body }) => body === 'bad'));
  await bringBack('recovery', { Records: failed === undefined ? [] : [failed] });

  await eventually(async () => expect(await countMessages('recovery')).toBe(0));
  expect(bodies().sort()).toEqual(['bad', 'bad', 'fine', 'good']);
  expect(events.at(-1)?.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
});

test.each<[string, Reply]>([
  ['a handler that threw', { status: 200, headers: { 'x-amz-function-error': 'Unhandled' } }],
  ['an endpoint that is down', { status: 503 }],
  ['an answer that is malformed', { status: 200, body: '{"batchItemFailures":"all"}' }],
])('after %s the whole batch comes again', async (_case, failure) => {
  await createQueue('recovery', { VisibilityTimeout: '60' });
  await send('recovery', 'message');

  const { events } = await poll({ queueName: 'recovery' }, (_event, count) =>
    count === 1 ? failure : nothingFailed,
  );
  await eventually(() => expect(events).toHaveLength(1));
  await bringBack('recovery', events[0]);

  await eventually(async () => expect(await countMessages('recovery')).toBe(0));
  expect(events.map(({ Records }) => Records[0]?.body)).toEqual(['message', 'message']);
});

test('without partial batch responses an answer means that the batch is done', async () => {
  await createQueue('revoke');
  await send('revoke', 'message');

  const { events } = await poll({ queueName: 'revoke', reportsFailures: false }, () => ({
    status: 200,
    body: 'null',
  }));

  await eventually(async () => expect(await countMessages('revoke')).toBe(0));
  expect(events).toHaveLength(1);
});

test('what fails too often goes to the dead-letter queue', async () => {
  await createQueue('recovery-dead');
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:recovery-dead',
    maxReceiveCount: 1,
  });
  await createQueue('recovery', { VisibilityTimeout: '60', RedrivePolicy });
  await send('recovery', 'poison');

  const { events } = await poll({ queueName: 'recovery' }, () => ({ status: 503 }));
  await eventually(() => expect(events).toHaveLength(1));
  await bringBack('recovery', events[0]);

  await eventually(async () => expect(await countMessages('recovery-dead')).toBe(1));
  expect(events).toHaveLength(1);
});

test('one group that is slow holds up no other, and each group stays in order', async () => {
  await createFifo();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { bodies } = await poll(
    { queueName: 'refresh.fifo', batchSize: 1 },
    async ({ Records }) => {
      if (Records[0]?.body === 'slow 1') await released;
      return nothingFailed;
    },
  );
  await send('refresh.fifo', 'slow 1', 'slow');
  await send('refresh.fifo', 'slow 2', 'slow');
  await eventually(() => expect(bodies()).toEqual(['slow 1']));

  for (const body of ['quick 1', 'quick 2']) await send('refresh.fifo', body, 'quick');
  await eventually(() => expect(bodies()).toEqual(['slow 1', 'quick 1', 'quick 2']));
  release();

  await eventually(() => expect(bodies()).toEqual(['slow 1', 'quick 1', 'quick 2', 'slow 2']));
});

test('no more batches are at the function at once than its event source allows', async () => {
  await createQueue('recovery');
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { events } = await poll(
    { queueName: 'recovery', batchSize: 1, maximumConcurrency: 2 },
    async () => {
      await released;
      return nothingFailed;
    },
  );
  for (const body of ['1', '2', '3']) await send('recovery', body);
  await eventually(() => expect(events).toHaveLength(2));

  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: `${queues.url}/000000000000/recovery`,
      AttributeNames: ['ApproximateNumberOfMessages'],
    }),
  );
  release();

  expect(Attributes.ApproximateNumberOfMessages).toBe('1');
  await eventually(() => expect(events).toHaveLength(3));
});
