import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { plainFunction } from '../../../lib/lambda/plain-function.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { aContext } from '../../support/lambda-context.ts';

const failing = (error: unknown) => {
  const log = recordingFunctionLog();
  const handler = plainFunction(log, async () => {
    throw error;
  });
  const thrown = handler({}, aContext()).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { log, thrown };
};

it('answers its invoker', async () => {
  const handler = plainFunction(recordingFunctionLog(), async (event: { a: number }) => event.a);

  expect(await handler({ a: 1 }, aContext())).toBe(1);
});

it('fails so that the invoker counts it, and the log says what to do', async () => {
  const { log, thrown } = failing(
    new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'listDue' }),
  );

  expect(await thrown).toBeInstanceOf(Error);
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      event: 'invocation_failed',
      details: { code: 'STORE_UNAVAILABLE', advice: expect.any(String) },
    },
  ]);
});

it('hangs nothing of the first error on the one that Lambda writes into the log', async () => {
  const first = Object.assign(new Error('canary-message', { cause: 'canary-cause' }), {
    $response: 'canary-response',
  });
  const { log, thrown } = failing(first);

  expect(inspect([await thrown, log.lines], { depth: 9, showHidden: true })).not.toContain(
    'canary',
  );
});
