import { expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { timedVend } from '../../../lib/lambda/timed-vend.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';

/** What is told of a vend that takes 250 ms. */
async function told(vend: () => Promise<{ readonly warning?: object }>) {
  const clock = movingClock();
  const log = recordingLog();
  await clock.advance(1000);
  const ending = timedVend({ log, clock }, async () => {
    await clock.sleep(250);
    return vend();
  });
  const [settled] = await Promise.allSettled([ending]);
  return { settled, measured: log.measured };
}

const measuredAs = (outcome: string) => [
  { name: 'vend_duration', value: 250, dimensions: { outcome } },
];

it.each<[string, { readonly warning?: object }]>([
  ['vended', {}],
  ['warned', { warning: { code: 'refresh_failing' } }],
])(
  'tells once how long a vend took that ended as %s, and hands its token on',
  async (outcome, vended) => {
    const { settled, measured } = await told(async () => vended);

    expect(measured).toEqual(measuredAs(outcome));
    expect(settled).toEqual({ status: 'fulfilled', value: vended });
  },
);

it.each<[string, Error]>([
  ['access_denied', new Fault('ACCESS_DENIED', { action: 'vend', connection: 'acme/ann' })],
  ['invalid_request', new Fault('REQUEST_INVALID', { problems: ['acme/ann'] })],
  [
    'temporarily_unavailable',
    new Fault('STORE_UNAVAILABLE', { store: 'tokens', operation: 'read' }),
  ],
  ['server_error', new Error('acme/ann')],
])(
  'tells once of a vend that failed with %s, in that word alone, and fails alike',
  async (outcome, error) => {
    const { settled, measured } = await told(() => Promise.reject(error));

    expect(measured).toEqual(measuredAs(outcome));
    expect(settled).toEqual({ status: 'rejected', reason: error });
  },
);
