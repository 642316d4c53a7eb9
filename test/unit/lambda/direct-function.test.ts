import { describe, expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { directFunction } from '../../../lib/lambda/direct-function.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { anIamEvent } from '../../support/http-events.ts';
import { aContext } from '../../support/lambda-context.ts';

const aDirectFunction = (respond: (event: unknown) => object = (event) => ({ event })) => {
  const log = recordingFunctionLog();
  const handler = directFunction(log, async (event) => respond(event));
  return { log, invoke: (event: unknown) => handler(event, aContext()) };
};

it.each([{ a: 1 }, 'requestContext', null])('answers its invoker: %j', async (event) => {
  expect(await aDirectFunction().invoke(event)).toEqual({ event });
});

it.each([
  anIamEvent('POST /connections/{client}/{connection}/token'),
  { client: 'acme', connection: 'ann', requestContext: undefined },
  { requestContext: null },
])('refuses what claims to be an HTTP request', async (event) => {
  const { invoke, log } = aDirectFunction();

  expect(await invoke(event)).toMatchObject({ error: 'access_denied', status: 403 });
  expect(log.lines[0]).toEqual({
    level: 'info',
    event: 'access',
    details: { reach: 'evergrant-local-a-function', action: 'invoke', decision: 'denied' },
  });
});

describe('a failure', () => {
  it('is an answer in the interface’s words', async () => {
    const { invoke, log } = aDirectFunction(() => {
      throw new Fault('UNKNOWN_CONNECTION', { client: 'acme', connection: 'ann' });
    });

    expect(await invoke({})).toEqual({
      error: 'unknown_connection',
      error_description: expect.any(String),
      status: 404,
    });
    expect(log.lines).toMatchObject([{ level: 'info', event: 'request_refused' }]);
  });

  it('of ours is an error in the log, with what to do', async () => {
    const { invoke, log } = aDirectFunction(() => {
      throw new Fault('STORE_UNAVAILABLE', { store: 'tokens', operation: 'read' });
    });

    expect(await invoke({})).toMatchObject({ error: 'temporarily_unavailable', status: 503 });
    expect(log.lines).toMatchObject([
      { level: 'error', details: { code: 'STORE_UNAVAILABLE', advice: expect.any(String) } },
    ]);
  });

  it('of somebody else’s is answered and logged without its words', async () => {
    const { invoke, log } = aDirectFunction(() => {
      throw new Error('canary', { cause: 'canary' });
    });

    const answer = await invoke({});

    expect(answer).toMatchObject({ error: 'server_error', status: 500 });
    expect(JSON.stringify([answer, log.lines])).not.toContain('canary');
  });
});
