import { afterEach, expect, test, vi } from 'vitest';
import type { ChangeRecord } from '../../local/change-feed.ts';
import { type Reply, startHttpServer } from '../../local/http-server.ts';
import { countDone, createStreamPoller } from '../../local/stream-poller.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const aRecord = (position: string): ChangeRecord => ({
  eventID: position,
  eventName: 'REMOVE',
  eventSource: 'aws:dynamodb',
  dynamodb: {
    Keys: { pk: { S: 'a' } },
    SequenceNumber: position,
    ApproximateCreationDateTime: 1,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
});
const positionsIn = (body: Buffer): readonly string[] =>
  JSON.parse(body.toString()).Records.map(({ dynamodb }: ChangeRecord) => dynamodb.SequenceNumber);
const failedAt = (...positions: readonly string[]) =>
  JSON.stringify({
    batchItemFailures: positions.map((itemIdentifier) => ({ itemIdentifier })),
  });

/** A poller before a Lambda endpoint that answers as a test says. */
async function following(answer: (count: number) => Reply, batchSize = 100) {
  const invocations: (readonly string[])[] = [];
  const paths = new Set<string | undefined>();
  const lambda = await startHttpServer(
    ({ url }, body) => {
      paths.add(url);
      invocations.push(positionsIn(body));
      return answer(invocations.length);
    },
    { port: 0, maxBodyBytes: 100_000 },
  );
  const route = { tableName: 't', functionName: 'f', batchSize, reportsFailures: true };
  const poller = createStreamPoller([route]);
  endings.push(poller.close, lambda.close);
  return {
    invocations,
    paths,
    push: (...positions: readonly string[]) => {
      for (const position of positions) poller.push('t', aRecord(position));
    },
    pushElsewhere: () => poller.push('another', aRecord('x')),
    start: () => poller.start(lambda.url),
  };
}

const invoked = (invocations: readonly unknown[], times: number) =>
  vi.waitFor(() => expect(invocations).toHaveLength(times), { timeout: 120_000, interval: 5 });

test('records go to the function that follows their table, in order, in batches', async () => {
  const { push, pushElsewhere, start, invocations, paths } = await following(
    () => ({ status: 200, body: failedAt() }),
    2,
  );
  push('1', '2', '3');
  pushElsewhere();

  start();
  await invoked(invocations, 2);
  push('4');
  await invoked(invocations, 3);

  expect(invocations).toEqual([['1', '2'], ['3'], ['4']]);
  expect([...paths]).toEqual(['/2015-03-31/functions/f/invocations']);
});

test('the stream goes on from the record that failed, and again after a function that failed', async () => {
  const { push, start, invocations } = await following((count) => {
    if (count === 1) return { status: 200, body: failedAt('2') };
    if (count === 2) return { status: 200, headers: { 'x-amz-function-error': 'Unhandled' } };
    return { status: 200, body: failedAt() };
  });
  push('1', '2', '3');

  start();
  await invoked(invocations, 3);

  expect(invocations).toEqual([
    ['1', '2', '3'],
    ['2', '3'],
    ['2', '3'],
  ]);
});

test.each([
  ['nothing failed', failedAt(), 3],
  ['it says nothing', 'null', 3],
  ['the second failed', failedAt('2'), 1],
  ['several failed', failedAt('3', '2'), 1],
  ['the first failed', failedAt('1'), 0],
  ['it names a record that was not sent', failedAt('9'), 0],
  ['it is no answer', 'x', 0],
  ['it is of another form', '{"batchItemFailures":[{}]}', 0],
])('of an answer where %s, so many are done', (_what, answer, done) => {
  expect(countDone(['1', '2', '3'].map(aRecord), answer)).toBe(done);
});
