import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { EvergrantError } from '../../../lib/client/evergrant-error.ts';
import {
  answered,
  aVendAnswer,
  brokerClient,
  networkDown,
  problem,
} from '../../support/broker-client.ts';

const canary = 'canary-token';

const ways: readonly (readonly [string, (value: unknown) => string])[] = [
  ['JSON', (value) => JSON.stringify({ value, list: [value] })],
  ['a template', (value) => `${value}`],
  ['inspect', (value) => inspect({ value }, { showHidden: true, depth: 9 })],
  ['console’s format', (value) => format('%s %o %O %j', value, value, value, value)],
  ['a spread', (value) => JSON.stringify({ ...(value as object) })],
  ['an error that holds it', (value) => inspect(new Error('failed', { cause: value }))],
  ['a clone', (value) => inspect(structuredClone({ ...(value as object) }))],
];

async function vended() {
  const client = brokerClient();
  client.answerWith(() => answered(aVendAnswer({ access_token: canary })));
  const connection = client.connection('hurma-acme/ann');
  return { client, connection, token: await connection.token() };
}

describe('a token is not shown by', () => {
  it.each(ways)('%s', async (_way, print) => {
    const { token } = await vended();

    expect(print(token)).not.toContain(canary);
  });

  it('its text, which says whose it is', async () => {
    const { token } = await vended();

    expect(`${token}`).toBe('[access token of hurma-acme/ann]');
    expect(JSON.stringify({ token })).toBe('{"token":"[access token of hurma-acme/ann]"}');
  });
});

describe('a connection and its broker, which keep a token, do not show it by', () => {
  it.each(ways.filter(([way]) => way !== 'a clone'))('%s', async (_way, print) => {
    const { connection, client } = await vended();

    expect(print(connection)).not.toContain(canary);
    expect(print(client.connection)).not.toContain(canary);
  });
});

describe('no failure shows a token by', () => {
  const replies = [
    networkDown,
    problem('access_denied', { access_token: canary }),
    problem('reauthorization_required', { reason: 'grant_dead', access_token: canary }),
    problem('temporarily_unavailable', { retry_after: 1, access_token: canary }),
    problem('unknown_connection', { access_token: canary }),
    problem('invalid_request', { access_token: canary }),
    answered(aVendAnswer({ access_token: canary, client: 'other' })),
    { outcome: 'denied' } as const,
  ];

  it.each(ways)('%s', async (_way, print) => {
    for (const reply of replies) {
      const { client, connection, token } = await vended();
      client.answerWith(() => reply);

      const failure: unknown = await connection
        .token({ rejected: token })
        .catch((error: unknown) => error);

      expect(failure).toBeInstanceOf(EvergrantError);
      expect(print(failure)).not.toContain(canary);
      expect((failure as Error).cause).toBeUndefined();
    }
  });
});

it('a failure says in JSON what it is', async () => {
  const { client, connection, token } = await vended();
  client.answerWith(() => problem('temporarily_unavailable', { retry_after: 7 }));

  const failure = await connection.token({ rejected: token }).catch((error: unknown) => error);

  expect(JSON.parse(JSON.stringify(failure))).toEqual({
    name: 'TemporarilyUnavailable',
    code: 'temporarily_unavailable',
    connection: 'hurma-acme/ann',
    message: 'hurma-acme/ann: about temporarily_unavailable',
    retryAfterSeconds: 7,
  });
});
