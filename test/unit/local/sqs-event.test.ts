import { expect, test } from 'vitest';
import { findDone } from '../../../local/sqs-event.ts';

const messages = [{ MessageId: 'a' }, { MessageId: 'b' }, { MessageId: 'c' }];
const done = (answer: string) => findDone(messages, answer).map(({ MessageId }) => MessageId);

test.each(['null', '{}', '{"batchItemFailures":null}', '{"batchItemFailures":[]}'])(
  'the answer %j says that all messages are done',
  (answer) => {
    expect(done(answer)).toEqual(['a', 'b', 'c']);
  },
);

test('messages that are reported as failed are not done', () => {
  const answer = '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}';

  expect(done(answer)).toEqual(['a']);
});

test.each([
  ['names a message that is not in the batch', '{"batchItemFailures":[{"itemIdentifier":"z"}]}'],
  ['names nothing', '{"batchItemFailures":[{"itemIdentifier":""}]}'],
  ['has another shape', '{"batchItemFailures":[{"messageId":"a"}]}'],
  ['is no JSON', 'done'],
])('no message is done when the answer %s', (_case, answer) => {
  expect(done(answer)).toEqual([]);
});
