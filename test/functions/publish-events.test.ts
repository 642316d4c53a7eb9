/** The function with a bus that is in trouble, and with records that nobody can read. */
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBBatchResponse } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startQueues } from '../../local/queue-server.ts';
import { queues, setEnvironment } from '../support/function-resources.ts';
import { captureOutput } from '../support/functions.ts';
import { aContext } from '../support/lambda-context.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { type ServiceReply, startScriptedService } from '../support/scripted-service.ts';
import { aConnectRecord, aRow, aStreamRecord } from '../support/stream-records.ts';

type Bus = Awaited<ReturnType<typeof startScriptedService>>;

const output = captureOutput();
const taken = { EventId: 'taken' };
let bus: Bus;
let queueServer: Awaited<ReturnType<typeof startQueues>>;
let sqs: SQSClient;
let queueUrl: string;
let publish: (...records: readonly object[]) => Promise<readonly string[]>;
/** How each entry ends, by its connection; the bus takes what is not here. */
let endings: Readonly<Record<string, object>> = {};
let refusal: ServiceReply | undefined;
let delivered: string[] = [];

beforeAll(async () => {
  bus = await startScriptedService(({ body }) => {
    if (refusal) return refusal;
    const { Entries: entries } = JSON.parse(body) as { Entries: readonly { Detail: string }[] };
    const answers = entries.map(({ Detail }) => {
      const { connection } = JSON.parse(Detail);
      const ending = endings[connection] ?? taken;
      if (ending === taken) delivered.push(connection);
      return ending;
    });
    const failed = answers.filter((answer) => answer !== taken).length;
    return { body: { FailedEntryCount: failed, Entries: answers } };
  });
  queueServer = await startQueues({ port: 0 });
  queueUrl = `${queueServer.url}/000000000000/${queues.eventsDead}`;
  sqs = new SQSClient({
    endpoint: queueServer.url,
    useQueueUrlAsEndpoint: false,
    ...localCredentials,
  });
  await sqs.send(new CreateQueueCommand({ QueueName: queues.eventsDead }));
  setEnvironment({
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
    AWS_ENDPOINT_URL_SQS: queueServer.url,
    EVENTS_DEAD_QUEUE_URL: queueUrl,
  });
  const { handler } = await import('../../functions/publish-events.ts');
  publish = async (...records) => {
    const answer = (await handler(
      { Records: records } as never,
      aContext(),
    )) as DynamoDBBatchResponse;
    return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
});
beforeEach(() => {
  endings = {};
  refusal = undefined;
  delivered = [];
  output.clear();
});
afterAll(async () => {
  output.end();
  sqs.destroy();
  await Promise.all([bus.close(), queueServer.close()]);
});

async function deadLetters(): Promise<readonly Record<string, unknown>[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body = '' }) => JSON.parse(Body));
}

const throttled = { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' };

it('has the stream go on from the entry that the bus did not take, and loses none', async () => {
  endings = { bob: throttled };
  const records = ['ann', 'bob', 'eve'].map((name, index) => aConnectRecord(name, `${index}`));

  expect(await publish(...records)).toEqual(['1']);
  expect(delivered).toEqual(['ann', 'eve']);

  endings = {};
  expect(await publish(...records.slice(1))).toEqual([]);
  expect(delivered).toEqual(['ann', 'eve', 'bob', 'eve']);
  expect(output.lines()).toContainEqual(
    expect.objectContaining({ message: 'events_delayed', code: 'ThrottlingException' }),
  );
});

it('has everything delivered again while the bus takes nothing', async () => {
  refusal = { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } };
  const records = Array.from({ length: 12 }, (_, index) =>
    aConnectRecord(`c-${index}`, `${index}`),
  );

  expect(await publish(...records)).toEqual(['0']);

  expect(delivered).toEqual([]);
  expect(output.lines().filter(({ message }) => message === 'events_delayed')).toHaveLength(1);
});

it('puts a poisoned record aside, and those around it are told', async () => {
  const poisoned = aStreamRecord('acme/bob', { after: { ...aRow(), fence: { S: 'canary' } } }, '8');

  expect(await publish(aConnectRecord('ann', '7'), poisoned, aConnectRecord('eve', '9'))).toEqual(
    [],
  );

  expect(delivered).toEqual(['ann', 'eve']);
  expect(await deadLetters()).toEqual([
    {
      version: 1,
      stream_sequence_number: '8',
      code: 'ROW_INVALID',
      problems: ['fence must be a whole number'],
      client: 'acme',
      connection: 'bob',
    },
  ]);
  expect(output.text()).not.toContain('canary');
});

it('puts an event aside that the bus refuses for good, whole, so that it can be sent by hand', async () => {
  endings = { ann: { ErrorCode: 'MalformedDetail', ErrorMessage: 'no' } };

  expect(await publish(aConnectRecord('ann', '7'), aConnectRecord('bob', '8'))).toEqual([]);

  expect(delivered).toEqual(['bob']);
  expect(await deadLetters()).toMatchObject([
    {
      stream_sequence_number: '7',
      code: 'MalformedDetail',
      event: { 'detail-type': 'connection.connected', detail: { connection: 'ann' } },
    },
  ]);
});

it('says nothing to the bus of records that are nobody’s business', async () => {
  const before = aRow();
  const asked = bus.requests.length;

  const lease = { M: { owner: { S: 'w' }, until: { N: '1' } } };
  const attempt = aStreamRecord('acme/ann', { before, after: { ...before, lease } });
  const pending = aStreamRecord('pending:abc', { after: { pk: { S: 'pending:abc' } } });

  expect(await publish(attempt, pending)).toEqual([]);
  expect(bus.requests).toHaveLength(asked);
});

it('ends the invocation for what is no event of a stream', async () => {
  await expect(publish({ body: 'canary' })).rejects.toThrow('the invocation failed');

  expect(output.text()).not.toContain('canary');
});
