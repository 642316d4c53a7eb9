import { expect, it } from 'vitest';
import { browserFunction } from '../../../lib/http/browser-function.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { aBrowserEvent } from '../../support/http-events.ts';
import { aContext } from '../../support/lambda-context.ts';

it('ends in a plain page whatever goes wrong, without its words', async () => {
  const log = recordingFunctionLog();
  const handler = browserFunction(log, async () => {
    throw new Error('canary-message', { cause: 'canary-cause' });
  });

  const answer = await handler(aBrowserEvent('GET /authorize'), aContext());

  expect(answer).toMatchObject({
    statusCode: 503,
    headers: { ...browserHeaders, 'content-type': 'text/html; charset=utf-8' },
  });
  expect(log.lines).toMatchObject([{ level: 'error', event: 'request_failed' }]);
  expect(JSON.stringify([answer, log.lines])).not.toContain('canary');
});
