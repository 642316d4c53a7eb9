import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { queueFunction } from '../../../lib/lambda/queue-function.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { aContext } from '../../support/lambda-context.ts';

/** `group:body` each; without a group, a message of a standard queue. */
function anSqsEvent(...messages: readonly string[]): SQSEvent {
  return {
    Records: messages.map((message, index): SQSRecord => {
      const [group, body = ''] = message.split(':');
      return {
        messageId: `m${index}`,
        receiptHandle: `r${index}`,
        body,
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: '0',
          SenderId: 'somebody',
          ApproximateFirstReceiveTimestamp: '0',
          ...(group && { MessageGroupId: group }),
        },
        messageAttributes: {},
        md5OfBody: '',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:a-queue',
        awsRegion: 'us-east-1',
      };
    }),
  };
}

function aQueueFunction(handle: (body: string) => Promise<void> | void = () => undefined) {
  const log = recordingFunctionLog();
  const handled: string[] = [];
  const handler = queueFunction(log, async (body) => {
    await handle(body);
    handled.push(body);
  });
  const run = async (...messages: readonly string[]) => {
    const { batchItemFailures } = await handler(anSqsEvent(...messages), aContext());
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return { log, handled, run };
}
const failAt = (bad: string) => (body: string) => {
  if (body === bad) throw new Fault('STORE_UNAVAILABLE', { store: 'a', operation: 'b' });
};

it('acknowledges what was handled', async () => {
  const { run, handled } = aQueueFunction();

  expect(await run('g:a', 'g:b', 'h:c')).toEqual([]);
  expect(handled.toSorted()).toEqual(['a', 'b', 'c']);
});

describe('messages of one group', () => {
  it('are handled in order, one after another', async () => {
    const running = { now: 0, most: 0 };
    const { run, handled } = aQueueFunction(async () => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await new Promise((resolve) => setImmediate(resolve));
      running.now -= 1;
    });

    await run('g:a', 'g:b', 'g:c');

    expect(handled).toEqual(['a', 'b', 'c']);
    expect(running.most).toBe(1);
  });

  it('stay in order after a failure: the rest is left for later, too', async () => {
    const { run, handled } = aQueueFunction(failAt('b'));

    expect(await run('g:a', 'g:b', 'g:c', 'h:d')).toEqual(['m1', 'm2']);
    expect(handled.toSorted()).toEqual(['a', 'd']);
  });
});

it('handles groups side by side, so that a slow one holds up no other', async () => {
  const { promise: slow, resolve: finish } = Promise.withResolvers<void>();
  const { run, handled } = aQueueFunction(async (body) => {
    if (body === 'slow') await slow;
    else finish();
  });

  expect(await run('g:slow', 'h:quick')).toEqual([]);
  expect(handled).toEqual(['quick', 'slow']);
});

it('handles messages without a group side by side, each for itself', async () => {
  const { run, handled } = aQueueFunction(failAt('a'));

  expect(await run(':a', ':b')).toEqual(['m0']);
  expect(handled).toEqual(['b']);
});

it('drops what no redelivery would make readable, and says so without its words', async () => {
  const { run, log } = aQueueFunction((body) => {
    if (body === 'canary') throw new Fault('REQUEST_INVALID', { problems: ['client is required'] });
  });

  expect(await run('g:canary', 'g:b')).toEqual([]);
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      event: 'message_dropped',
      details: { messageId: 'm0', code: 'REQUEST_INVALID' },
    },
  ]);
  expect(JSON.stringify(log.lines)).not.toContain('canary');
});

it('returns a message after an unforeseen error, and logs nothing of its words', async () => {
  const { run, log } = aQueueFunction(() => {
    throw new TypeError('canary', { cause: 'canary' });
  });

  expect(await run('g:a')).toEqual(['m0']);
  expect(log.lines).toMatchObject([{ level: 'error', event: 'message_failed' }]);
  expect(JSON.stringify(log.lines)).not.toContain('canary');
});

it('returns a message after an error that only looks like an unreadable message', async () => {
  const { run } = aQueueFunction(() => {
    throw Object.assign(new Error(), { code: 'REQUEST_INVALID' });
  });

  expect(await run('g:a')).toEqual(['m0']);
});

it.each([
  null,
  'canary',
  {},
  { Records: 'canary' },
  { Records: [null] },
  { Records: [{ messageId: 'm', body: 'canary' }] },
  { Records: [{ messageId: 'm', body: 'canary', attributes: null }] },
  { Records: [{ messageId: 'm', body: { canary: 1 }, attributes: {} }] },
  { Records: [{ messageId: 1, body: 'canary', attributes: {} }] },
  { Records: [...anSqsEvent('g:canary').Records, null] },
])('refuses what SQS never sends, without its words: %j', async (event) => {
  const log = recordingFunctionLog();
  const handled: string[] = [];
  const handler = queueFunction(log, async (body) => {
    handled.push(body);
  });

  await expect(handler(event as never, aContext())).rejects.toThrow(
    'the invocation failed; the log tells why',
  );
  expect(handled).toEqual([]);
  expect(log.lines).toMatchObject([{ level: 'error', event: 'invocation_failed' }]);
  expect(JSON.stringify(log.lines)).not.toContain('canary');
});
