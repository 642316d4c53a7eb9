import { expect, it } from 'vitest';
import { browserFunction } from '../../../lib/http/browser-function.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { builtIn, english, type Languages } from '../../../lib/http/page-texts.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { aBrowserEvent } from '../../support/http-events.ts';
import { aContext } from '../../support/lambda-context.ts';

const answerWith = (languages: Languages, header?: string) => {
  const handler = browserFunction({ log: recordingFunctionLog(), languages }, async () => {
    throw new Error('whatever');
  });
  const event = aBrowserEvent('GET /authorize');
  const headers = { ...event.headers, ...(header && { 'accept-language': header }) };
  return handler({ ...event, headers }, aContext());
};

it('ends in a plain page whatever goes wrong, without its words', async () => {
  const log = recordingFunctionLog();
  const handler = browserFunction({ log, languages: builtIn }, async () => {
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

it('speaks the language that the browser prefers, in its errors too', async () => {
  const texts = { ...english, unavailable: { title: 'Das geht gerade nicht', text: 'Später.' } };
  const languages = { preset: 'en', texts: new Map([...builtIn.texts, ['de', texts]]) };

  expect((await answerWith(languages, 'de-AT, en;q=0.5')).body).toContain('<html lang="de"');
  expect((await answerWith(languages, 'de')).body).toContain('Das geht gerade nicht');
  expect((await answerWith(languages)).body).toContain('<html lang="en"');
});

it('ends in a page for an event that is none', async () => {
  const handler = browserFunction(
    { log: recordingFunctionLog(), languages: builtIn },
    async ({ rawQueryString }) => ({ statusCode: 302, body: rawQueryString }),
  );

  expect(await handler(null as never, aContext())).toMatchObject({ statusCode: 503 });
});
