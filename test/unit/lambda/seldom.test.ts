import { expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { seldom } from '../../../lib/lambda/seldom.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';

function world(work: () => Promise<void> = async () => undefined) {
  const clock = movingClock();
  const log = recordingLog();
  let times = 0;
  const run = seldom({ log, clock }, 'it_failed', () => {
    times += 1;
    return work();
  });
  return { clock, log, run, times: () => times };
}

it('is done at the first time, and again when its pause is over', async () => {
  const { clock, run, times } = world();

  await run();
  await run();
  await clock.advance(299_999);
  await run();
  expect(times()).toBe(1);

  await clock.advance(1);
  await run();
  expect(times()).toBe(2);
});

it('is done once for two invocations at a time', async () => {
  const { run, times } = world();

  await Promise.all([run(), run()]);

  expect(times()).toBe(1);
});

it('fails nothing: its failure is a warning, and it pauses all the same', async () => {
  const fault = new Fault('STORE_UNAVAILABLE', { store: 'key-records', operation: 'read' });
  const { log, run, times } = world(() => Promise.reject(fault));

  await run();
  await run();

  expect(times()).toBe(1);
  expect(log.lines).toMatchObject([
    { level: 'warn', event: 'it_failed', details: { code: 'STORE_UNAVAILABLE' } },
  ]);
});
