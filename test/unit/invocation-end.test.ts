/** What a function answers when its invocation comes to its end, in virtual time. */
import { describe, expect, it } from 'vitest';
import { parseAccessPolicy } from '../../lib/broker/access-policy.ts';
import { browserFunction } from '../../lib/http/browser-function.ts';
import { iamFunction, json } from '../../lib/http/iam-function.ts';
import { builtIn } from '../../lib/http/page-texts.ts';
import { deadlineOf } from '../../lib/lambda/deadline.ts';
import { directFunction } from '../../lib/lambda/direct-function.ts';
import { plainFunction } from '../../lib/lambda/plain-function.ts';
import { queueFunction } from '../../lib/lambda/queue-function.ts';
import { recordingFunctionLog } from '../support/function-log.ts';
import { aBrowserEvent, anIamEvent } from '../support/http-events.ts';
import { aContext } from '../support/lambda-context.ts';
import { movingClock } from '../support/moving-clock.ts';

/** An invocation of 29 s, and how much of it is left. */
async function anInvocation(leftMs: number) {
  const clock = movingClock();
  const context = aContext({ getRemainingTimeInMillis: () => 29_000 - clock.monotonicMs() });
  await clock.advance(29_000 - leftMs);
  return { clock, context };
}

type Work = () => Promise<object>;

const route = 'POST /things';
const policy = parseAccessPolicy({ allow: [] });

/** What the functions that somebody waits for answer, each in its own shape. */
const answering = {
  direct: async (work: Work, leftMs: number) => {
    const log = recordingFunctionLog();
    const handler = directFunction(log, work);
    return { log, answer: await handler({}, (await anInvocation(leftMs)).context) };
  },
  http: async (work: Work, leftMs: number) => {
    const log = recordingFunctionLog();
    const handler = iamFunction({ log, policy }, { [route]: async () => json(200, await work()) });
    const { context } = await anInvocation(leftMs);
    const { body = '{}' } = await handler(anIamEvent(route) as never, context);
    return { log, answer: JSON.parse(body) as object };
  },
  browser: async (work: Work, leftMs: number) => {
    const log = recordingFunctionLog();
    const handler = browserFunction({ log, languages: builtIn }, work as never);
    const { context } = await anInvocation(leftMs);
    const { statusCode: status, ...answer } = await handler(aBrowserEvent('GET /x'), context);
    return { log, answer: { ...answer, ...(status !== undefined && { status }) } };
  },
};

describe.each(Object.entries(answering))('a function that is waited for: %s', (_, invoke) => {
  const never: Work = () => new Promise(() => undefined);

  it.each([300, 299, 4, 0])(
    'tells to come back with %d ms left, and calls it no bug',
    async (leftMs) => {
      const { answer, log } = await invoke(never, leftMs);

      expect(answer).toMatchObject({ status: 503 });
      expect(log.lines).toMatchObject([
        { level: 'error', event: 'request_failed', details: { code: 'OUT_OF_TIME' } },
      ]);
    },
  );

  it('gives an answer that is there at the last moment', async () => {
    const { answer, log } = await invoke(async () => ({ done: true }), 0);

    expect(answer).toMatchObject({ done: true });
    expect(log.lines).toEqual([]);
  });
});

it('is told well after the deadline that is kept inside', async () => {
  const { clock, context } = await anInvocation(29_000);
  const earlyMs = 29_000 - 300;

  expect(earlyMs - deadlineOf(context, clock)).toBeGreaterThanOrEqual(500);
});

describe('a function that nobody waits for', () => {
  const turns = async () => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
  };

  it('is left to Lambda to end: a plain one', async () => {
    const handler = plainFunction(recordingFunctionLog(), async () => {
      await turns();
      return 'done';
    });

    expect(await handler({}, (await anInvocation(0)).context)).toBe('done');
  });

  it('is left to Lambda to end: one that works off a queue', async () => {
    const handler = queueFunction(recordingFunctionLog(), turns);
    const attributes = { MessageGroupId: 'a-group' };
    const event = { Records: [{ messageId: 'm', body: 'b', attributes }] };

    expect(await handler(event as never, (await anInvocation(0)).context)).toEqual({
      batchItemFailures: [],
    });
  });
});
