import type { DynamoDBRecord } from 'aws-lambda';
import { expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { streamFunction } from '../../../lib/lambda/stream-function.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { aContext } from '../../support/lambda-context.ts';

const aRecord = (position: string) =>
  ({ dynamodb: { SequenceNumber: position } }) satisfies DynamoDBRecord;
const records = ['7', '8', '9'].map(aRecord);

function aStreamFunction(handle: () => Promise<number | undefined> | number | undefined) {
  const log = recordingFunctionLog();
  const handler = streamFunction(log, async () => handle());
  return { log, run: (event: unknown) => handler(event as never, aContext()) };
}

it('answers that all is done', async () => {
  const { run } = aStreamFunction(() => undefined);

  expect(await run({ Records: records })).toEqual({ batchItemFailures: [] });
});

it('names the record from which the stream is to go on', async () => {
  const { run } = aStreamFunction(() => 1);

  expect(await run({ Records: records })).toEqual({
    batchItemFailures: [{ itemIdentifier: '8' }],
  });
});

it('names the first record too', async () => {
  const { run } = aStreamFunction(() => 0);

  expect(await run({ Records: records })).toEqual({
    batchItemFailures: [{ itemIdentifier: '7' }],
  });
});

it('has the whole batch delivered again for a record that is not in it', async () => {
  const { run } = aStreamFunction(() => 3);

  // Lambda takes a failure that names no record for one of them all.
  expect(await run({ Records: records })).toEqual({ batchItemFailures: [{ itemIdentifier: '' }] });
});

it.each([
  ['nothing', undefined],
  ['no event', null],
  ['no list', { Records: 'canary' }],
  ['records without a position', { Records: [aRecord(''), aRecord('')] }],
  ['one of them that has none', { Records: [aRecord('7'), { canary: 'canary' }] }],
  ['an event of another kind', { Records: [{ body: 'canary' }] }],
])('ends the invocation for %s, without a word of it', async (_what, event) => {
  const { run, log } = aStreamFunction(() => undefined);

  await expect(run(event)).rejects.toThrow('the invocation failed; the log tells why');

  expect(log.lines).toMatchObject([
    { event: 'invocation_failed', details: { code: 'REQUEST_INVALID' } },
  ]);
  expect(JSON.stringify(log.lines)).not.toContain('canary');
});

it('ends the invocation for what goes wrong, without the words of its cause', async () => {
  const { run, log } = aStreamFunction(() => {
    throw new Error('canary', { cause: records });
  });

  const error = await run({ Records: records }).catch((thrown: unknown) => thrown);

  expect(error).toEqual(new Error('the invocation failed; the log tells why'));
  expect(log.lines).toMatchObject([{ details: { code: 'UNEXPECTED' } }]);
  expect(JSON.stringify(log.lines)).not.toContain('canary');
});

it('logs the code of a fault', async () => {
  const { run, log } = aStreamFunction(() => {
    throw new Fault('STORE_UNAVAILABLE', { store: 'a', operation: 'b' });
  });

  await expect(run({ Records: records })).rejects.toThrow();

  expect(log.lines).toMatchObject([{ details: { code: 'STORE_UNAVAILABLE' } }]);
});
