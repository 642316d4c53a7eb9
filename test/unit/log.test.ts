import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { functionLog } from '../../lib/log.ts';
import { Secret } from '../../lib/secret.ts';
import { captureOutput } from '../support/functions.ts';
import { aContext } from '../support/lambda-context.ts';

const output = captureOutput();
vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'evergrant-test');
vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'Evergrant');
vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
beforeEach(() => output.clear());
afterAll(() => {
  output.end();
  vi.unstubAllEnvs();
});

/** The one line that is written of these details. */
function lineOf(details: object): Readonly<Record<string, unknown>> {
  const log = functionLog();
  log.begin(aContext());
  log.error('an_event', details);
  const lines = output.text().split('\n').filter(Boolean);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

const always = {
  level: 'ERROR',
  message: 'an_event',
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  service: 'evergrant-test',
  function_name: 'evergrant-local-a-function',
  function_request_id: 'a-request',
  cold_start: expect.any(Boolean),
};

it('tells the clock of each invocation before anything is done in it', () => {
  let resumed = 0;
  const log = functionLog({
    resume: () => {
      resumed += 1;
    },
  });

  log.begin(aContext());
  log.begin(aContext());

  expect(resumed).toBe(2);
});

describe('a line', () => {
  it('is one line of JSON with the members that each has, and its details', () => {
    expect(lineOf({ connection: 'acme/ann', fence: 7, undecided: false })).toEqual({
      ...always,
      connection: 'acme/ann',
      fence: 7,
      undecided: false,
    });
  });

  it('stays one line, whatever is in it', () => {
    expect(lineOf({ reason: 'a\r\nb\u2028c' }).reason).toBe('a\r\nb\u2028c');
  });

  it('leaves out what is not on its list, and names it', () => {
    const line = lineOf({ code: 'C', access_token: 'canary', body: { canary: 1 } });

    expect(line).toEqual({ ...always, code: 'C', left_out: ['access_token', 'body'] });
  });

  it('cannot be given another level, message, time or service by its details', () => {
    const line = lineOf({ function_name: 'canary', cold_start: 'canary', left_out: ['canary'] });

    expect(line).toEqual({ ...always, left_out: ['function_name', 'cold_start', 'left_out'] });
  });

  it.each([
    ['a secret', new Secret('access_token', 'canary'), '[secret access_token]'],
    ['bytes', Buffer.from('canary'), '[Buffer]'],
    ['a map', new Map([['canary', 1]]), '[Map]'],
    ['an object with a toJSON of its own', new URL('https://canary.example'), '[URL]'],
    ['a big number', 7n, '7'],
  ])('shows of %s what it is, and nothing of it', (_what, value, shown) => {
    expect(lineOf({ context: { value, list: [value] } }).context).toEqual({
      value: shown,
      list: [shown],
    });
  });

  it('shows of an error its class and place: no message, stack text, cause or member', () => {
    const cause = new Error('canary-cause');
    const error = Object.assign(new TypeError('canary-message', { cause }), {
      $response: { body: 'canary-body' },
    });

    const line = lineOf({ error, context: { error } });

    expect(line.error).toEqual({
      code: 'UNEXPECTED',
      thrown: 'TypeError',
      at: expect.arrayContaining([expect.stringContaining('log.test.ts')]),
    });
    expect(JSON.stringify(line)).not.toContain('canary');
  });

  it.each([
    ['https://as.example/cb?code=canary&state=canary', 'https://as.example/cb'],
    ['GET /callback/acme?code=canary HTTP/1.1', 'GET /callback/acme HTTP/1.1'],
    ['https://app.example/#access_token=canary&x=1', 'https://app.example/'],
    ['what now? a = b', 'what now? a = b'],
  ])('has no query string: %s', (text, shown) => {
    expect(lineOf({ advice: text, context: { problems: [text] } })).toMatchObject({
      advice: shown,
      context: { problems: [shown] },
    });
  });

  it('has an end, however long or deep or round its details are', () => {
    const round: Record<string, unknown> = { list: Array(1000).fill('x'.repeat(5000)) };
    round.self = round;

    const line = lineOf({ context: round });

    expect(JSON.stringify(line).length).toBeLessThan(1_000_000);
    expect(line).toMatchObject({ context: { self: { self: {} } } });
  });

  it('is written in time linear to its length, not the square of it', () => {
    const line = lineOf({ reason: '?#'.repeat(1_000_000), advice: '?a'.repeat(1_000_000) });

    expect(line.reason).toMatch(/^[?#]+…$/);
  });
});

describe('the audit', () => {
  it('is written whatever the level of the log', () => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'ERROR');
    const log = functionLog();
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
    log.begin(aContext());

    log.info('hidden');
    log.audit({ action: 'vend', connection: 'acme/ann', decision: 'denied' });

    expect(output.lines()).toEqual([
      {
        ...always,
        level: 'INFO',
        message: 'access',
        action: 'vend',
        connection: 'acme/ann',
        decision: 'denied',
      },
    ]);
  });
});

describe('a count', () => {
  it('is published by its dimensions, and as the total that alarms watch', () => {
    functionLog().count('client_refused', { provider: 'hurma' });

    expect(output.lines()).toMatchObject([
      {
        _aws: {
          CloudWatchMetrics: [
            { Namespace: 'Evergrant', Dimensions: [['service', 'provider'], ['service']] },
          ],
        },
        service: 'evergrant-test',
        provider: 'hurma',
        client_refused: 1,
      },
    ]);
  });

  it('is published by no more dimensions than its definition names', () => {
    functionLog().count('refresh', { provider: 'hurma', outcome: 'granted' });
    functionLog().count('refresh_race_lost', { provider: 'hurma' });

    // And nobody warns of the dimension that two sets share.
    expect(output.text().trimEnd().split('\n')).toHaveLength(2);
    expect(dimensionsOf(output.lines())).toEqual([
      [
        ['service', 'provider', 'outcome'],
        ['service', 'outcome'],
      ],
      [['service', 'provider']],
    ]);
  });

  it('has no member that is not of its definition, whatever it is given', () => {
    const given = { provider: 'hurma', connection: 'canary', _aws: 'canary' };
    functionLog().count('refresh_race_lost', given);

    expect(output.lines().map((line) => Object.keys(line).sort())).toEqual([
      ['_aws', 'provider', 'refresh_race_lost', 'service'],
    ]);
    expect(output.text()).not.toContain('canary');
  });
});

describe('a measurement', () => {
  const log = functionLog();

  it.each<[string, number, object, string, object, () => void]>([
    ['due_lag', 0, {}, 'Seconds', [['service']], () => log.measure('due_lag', 0, {})],
    [
      'key_age',
      86_400,
      { ring: 'renewal' },
      'Seconds',
      [['service', 'ring']],
      () => log.measure('key_age', 86_400, { ring: 'renewal' }),
    ],
    [
      'vend_duration',
      12.5,
      { outcome: 'vended' },
      'Milliseconds',
      [['service', 'outcome'], ['service']],
      () => log.measure('vend_duration', 12.5, { outcome: 'vended' }),
    ],
    [
      'refresh_scheduled',
      7,
      {},
      'Count',
      [['service']],
      () => log.measure('refresh_scheduled', 7, {}),
    ],
  ])('of %s is published once, in its unit', (name, value, given, Unit, Dimensions, measure) => {
    measure();

    expect(output.lines()).toEqual([
      {
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            { Namespace: 'Evergrant', Dimensions, Metrics: [{ Name: name, Unit }] },
          ],
        },
        service: 'evergrant-test',
        ...given,
        [name]: value,
      },
    ]);
  });
});

describe('an error', () => {
  const faults = () => output.lines().filter((line) => 'fault' in line);

  it.each(['STORE_UNAVAILABLE', 'UNEXPECTED'])('with the code %s is counted by it', (code) => {
    functionLog().error('request_failed', { code, context: { connection: 'acme/ann' } });

    expect(dimensionsOf(faults())).toEqual([[['service', 'fault_code']]]);
    expect(faults()).toMatchObject([{ fault_code: code, fault: 1 }]);
    expect(JSON.stringify(faults())).not.toContain('acme/ann');
  });

  it.each([{}, { code: 'canary' }, { code: 7 }, { code: 'toString' }])(
    'with the details %j is not: only codes of the table are',
    (details) => {
      functionLog().error('an_event', details);

      expect(faults()).toEqual([]);
    },
  );

  it('is what counts, no warning and no information', () => {
    functionLog().warn('an_event', { code: 'STORE_UNAVAILABLE' });
    functionLog().info('an_event', { code: 'UNKNOWN_CLIENT' });

    expect(faults()).toEqual([]);
  });
});

/** By which sets of dimensions each metric is published. */
function dimensionsOf(lines: readonly Readonly<Record<string, unknown>>[]): readonly unknown[] {
  return lines.map(({ _aws: embedded }) => {
    const { CloudWatchMetrics: published } = embedded as {
      readonly CloudWatchMetrics: readonly { readonly Dimensions: unknown }[];
    };
    return published[0]?.Dimensions;
  });
}
