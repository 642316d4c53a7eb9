import { describe, expect, it } from 'vitest';
import type { EvergrantError } from '../../../lib/client/evergrant-error.ts';
import type { Reply } from '../../../lib/client/transport.ts';
import {
  answered,
  aVendAnswer,
  brokerClient,
  endingOf,
  networkDown,
  problem,
} from '../../support/broker-client.ts';

const name = 'hurma-acme/ann';

const failureOf = (client: ReturnType<typeof brokerClient>) =>
  client
    .connection(name)
    .token()
    .then(
      () => undefined,
      (error: EvergrantError) => error,
    );

const unreachable = (reason: 'timeout' | 'not_found', mayRepeat: boolean): Reply => ({
  outcome: 'unreachable',
  reason,
  mayRepeat,
});

describe('the broker', () => {
  it('is asked again where a request did not reach it', async () => {
    const client = brokerClient();
    client.answerWith(() => (client.asked.length < 3 ? networkDown : answered(aVendAnswer())));

    expect(await endingOf(client.connection(name).token())).toBe('token-1');
    expect(client.asked).toHaveLength(3);
  });

  it('is asked three times at most', async () => {
    const client = brokerClient();
    client.answerWith(() => networkDown);

    expect(await failureOf(client)).toMatchObject({ name: 'BrokerUnreachable', reason: 'network' });
    expect(client.asked).toHaveLength(3);
  });

  it('is asked once where another time would do no better', async () => {
    const client = brokerClient();
    client.answerWith(() => unreachable('not_found', false));

    expect(await failureOf(client)).toMatchObject({ reason: 'not_found' });
    expect(client.asked).toHaveLength(1);
  });

  it('is asked once where it answers, whatever it answers', async () => {
    const client = brokerClient();
    client.answerWith(() => problem('temporarily_unavailable', { status: 503 }));

    await failureOf(client);

    expect(client.asked).toHaveLength(1);
  });

  it.each([
    [0, [0, 0]],
    [0.5, [100, 400]],
    [0.999, [200, 799]],
  ])(
    'is left alone in between for a time drawn from a growing range (at %d)',
    async (random, pausesMs) => {
      const client = brokerClient({}, () => random);
      const atMs: number[] = [];
      client.answerWith(() => {
        atMs.push(client.clock.monotonicMs());
        return networkDown;
      });

      await failureOf(client);

      const pauses = atMs.slice(1).map((at, index) => Math.round(at - (atMs[index] ?? 0)));
      expect(pauses).toEqual(pausesMs);
    },
  );

  it('gets of every try what is left of the time for all of them', async () => {
    const client = brokerClient({ maxWaitSeconds: 10 });
    client.answerWith(async () => {
      await client.clock.sleep(7000);
      return unreachable('timeout', true);
    });

    expect(await failureOf(client)).toMatchObject({ reason: 'timeout' });
    expect(client.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([13_000, 6000]);
  });
});

describe('an answer of the broker', () => {
  it.each([
    ['access_denied', 'AccessDenied'],
    ['unknown_client', 'UnknownConnection'],
    ['unknown_connection', 'UnknownConnection'],
    ['invalid_request', 'InvalidRequest'],
    ['temporarily_unavailable', 'TemporarilyUnavailable'],
    ['provider_error', 'TemporarilyUnavailable'],
    ['slow_down', 'TemporarilyUnavailable'],
    ['server_error', 'TemporarilyUnavailable'],
    ['a_word_of_a_later_release', 'TemporarilyUnavailable'],
  ])('%s is %s, with its word and its description', async (code, expected) => {
    const client = brokerClient();
    client.answerWith(() => problem(code));

    expect(await failureOf(client)).toMatchObject({
      name: expected,
      code,
      connection: name,
      message: `${name}: about ${code}`,
    });
  });

  it('tells when to come back, or else half a minute is assumed', async () => {
    const told = brokerClient();
    told.answerWith(() => problem('temporarily_unavailable', { retry_after: 7 }));
    const untold = brokerClient();
    untold.answerWith(() => problem('provider_error'));

    expect(await failureOf(told)).toMatchObject({ retryAfterSeconds: 7 });
    expect(await failureOf(untold)).toMatchObject({ retryAfterSeconds: 30 });
  });

  it('tells why and since when the person has to connect again', async () => {
    const client = brokerClient();
    const more = { reason: 'answer_lost', since: 1_790_000_000 };
    client.answerWith(() => problem('reauthorization_required', more));

    expect(await failureOf(client)).toMatchObject({ name: 'ReauthorizationRequired', ...more });
  });

  it('tells all that it says of a token', async () => {
    const client = brokerClient();
    const values = { instance_url: 'https://eu.example' };
    const warning = { code: 'renewal_expiring', since: 1_795_000_000 };
    const message = aVendAnswer({ values, warning, refresh_token_expires_at: 1_796_000_000 });
    client.answerWith(() => answered(message));

    const token = await client.connection(name).token();

    expect({ ...token }).toEqual({
      client: 'hurma-acme',
      connection: 'ann',
      state: 'active',
      tokenType: 'Bearer',
      expiresAt: message.expires_at,
      expirySource: 'expires_in',
      obtainedAt: message.obtained_at,
      scope: '',
      apiBaseUrl: 'https://acme.hurma.example/api/v3',
      values,
      warning,
      refreshTokenExpiresAt: 1_796_000_000,
    });
    expect(token.reveal()).toBe('token-1');
    expect(token.present()).toEqual(message.present);
  });

  const present = { in: 'header', name: 'Authorization', value: 'Bearer token-1' } as const;
  it.each<[string, object]>([
    ['is no answer of ours', { message: 'Hello' }],
    ['is of another connection', aVendAnswer({ connection: 'bob' })],
    ['is of another client', aVendAnswer({ client: 'hurma-other' })],
    ['has no token', { ...aVendAnswer(), access_token: undefined }],
    ['has an empty token', aVendAnswer({ access_token: '' })],
    ['has a line break in its token', aVendAnswer({ access_token: 'a\r\nx: y' })],
    ['does not say how to present it', { ...aVendAnswer(), present: undefined }],
    ['presents something else', aVendAnswer({ present: { ...present, value: 'Bearer other' } })],
    ['wants it in a cookie', { ...aVendAnswer(), present: { ...present, in: 'cookie' } }],
    ['has a state that nobody knows', { ...aVendAnswer(), state: 'asleep' }],
    ['is a list', [aVendAnswer()]],
  ])('that %s is none', async (_what, message) => {
    const client = brokerClient();
    client.answerWith(() => answered(message));

    const failure = await failureOf(client);

    expect(failure).toMatchObject({ name: 'BrokerUnreachable', reason: 'unusable_answer' });
    expect(JSON.stringify(failure)).not.toContain('token-1');
  });
});

it('a caller whom AWS does not let ask is told which right it lacks', async () => {
  const client = brokerClient();
  client.answerWith(() => ({ outcome: 'denied' }));

  expect(await failureOf(client)).toMatchObject({
    name: 'AccessDenied',
    code: 'access_denied',
    message: expect.stringContaining('lambda:InvokeFunction'),
  });
  expect(client.asked).toHaveLength(1);
});
