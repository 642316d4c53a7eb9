import { describe, expect, it } from 'vitest';
import { aClient, bearer, json, refreshAnswered, text } from './token-endpoint-fixtures.ts';

describe('an error answer', () => {
  it.each([
    ['invalid_grant', { outcome: 'grant_refused' }],
    ['invalid_client', { outcome: 'client_refused' }],
    ['invalid_request', { outcome: 'request_refused', error: 'invalid_request' }],
    ['invalid_scope', { outcome: 'request_refused', error: 'invalid_scope' }],
    ['unauthorized_client', { outcome: 'request_refused', error: 'unauthorized_client' }],
    ['unsupported_grant_type', { outcome: 'request_refused', error: 'unsupported_grant_type' }],
    ['a_word_of_its_own', { outcome: 'request_refused', error: 'unknown_error' }],
  ])('means what RFC 6749 §5.2 says of %s, at any status', async (error, expected) => {
    for (const status of [200, 201, 400, 401, 403, 404]) {
      expect(await refreshAnswered(json({ error }, { status }))).toEqual(expected);
    }
  });

  it.each([
    ['an object with a code', { error: { code: 'invalid_grant', message: 'no' } }],
    ['an object with a type', { error: { type: 'INVALID_GRANT' } }],
    ['a list of words', { error: ['invalid_grant'] }],
    ['a list of objects', { error: [{ type: 'invalid_grant', param: null }] }],
    ['beside a token', { error: 'invalid_grant', access_token: 'a-1' }],
  ])('is understood as %s', async (_, body) => {
    expect(await refreshAnswered(json(body))).toEqual({ outcome: 'grant_refused' });
  });

  it.each([
    ['an object without a word', { error: { code: 190 } }],
    ['a number', { error: 17 }],
    ['true', { error: true }],
  ])('is an error of unknown kind as %s', async (_, body) => {
    expect(await refreshAnswered(json(body))).toEqual({
      outcome: 'request_refused',
      error: 'unknown_error',
    });
  });

  it('is understood with a challenge in WWW-Authenticate', async () => {
    const headers = { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' };

    const outcome = await refreshAnswered(
      json({ error: 'invalid_client' }, { status: 401, headers }),
    );

    expect(outcome).toEqual({ outcome: 'client_refused' });
  });

  it('is understood as a form', async () => {
    const outcome = await refreshAnswered(
      text('error=invalid_grant', 'application/x-www-form-urlencoded', { status: 400 }),
    );

    expect(outcome).toEqual({ outcome: 'grant_refused' });
  });

  it('without an error member says nothing about grant or client', async () => {
    expect(await refreshAnswered(json({ message: 'Unauthenticated.' }, { status: 401 }))).toEqual({
      outcome: 'request_refused',
      error: 'unknown_error',
    });
  });

  it.each([
    ['slow_down', 400, 'rate_limited', false],
    ['temporarily_unavailable', 400, 'http_status', false],
    ['server_error', 400, 'http_status', true],
  ])('%s passes (RFC 6749 §4.1.2.1)', async (error, status, trouble, undecided) => {
    expect(await refreshAnswered(json({ error }, { status }))).toEqual({
      outcome: 'unavailable',
      trouble,
      undecided,
      httpStatus: status,
    });
  });
});

describe("a definition's failures", () => {
  const deadRefresh = {
    http_status: [401],
    grant: ['refresh_token'],
    where: { path: 'error', in: ['invalid_request'] },
    means: 'invalid_grant',
  };

  it('give an answer its meaning', async () => {
    const client = aClient({ definition: { failures: [deadRefresh] } });

    const outcome = await refreshAnswered(
      json({ error: 'invalid_request' }, { status: 401 }),
      client,
    );

    expect(outcome).toEqual({ outcome: 'grant_refused' });
  });

  it.each([
    ['another status', { status: 400 }, deadRefresh],
    ['another grant', { status: 401 }, { ...deadRefresh, grant: ['password'] }],
    ['another value', { status: 401 }, { ...deadRefresh, where: { path: 'error', in: ['x'] } }],
  ])('do not hold for %s', async (_, given, rule) => {
    const client = aClient({ definition: { failures: [rule] } });

    const outcome = await refreshAnswered(json({ error: 'invalid_request' }, given), client);

    expect(outcome).toEqual({ outcome: 'request_refused', error: 'invalid_request' });
  });

  it.each([
    ['a number', json({ ...bearer, status: 3 })],
    ['a number in a form', text('access_token=a&status=3', 'application/x-www-form-urlencoded')],
  ])('come before a token beside them, where the value is %s', async (_, response) => {
    const client = aClient({
      definition: { failures: [{ where: { path: 'status', in: [2, 3] }, means: 'invalid_grant' }] },
    });

    expect(await refreshAnswered(response, client)).toEqual({ outcome: 'grant_refused' });
  });

  it('come before the status, and the first that holds counts', async () => {
    const client = aClient({
      definition: {
        failures: [
          {
            http_status: [500],
            where: { path: 'error.0.type', in: ['EXPIRED'] },
            means: 'invalid_grant',
          },
          { http_status: [500], means: 'slow_down' },
        ],
      },
    });
    const answered = (body: unknown) => refreshAnswered(json(body, { status: 500 }), client);

    expect(await answered({ error: [{ type: 'EXPIRED' }] })).toEqual({ outcome: 'grant_refused' });
    expect(await answered({ error: [{ type: 'OTHER' }] })).toMatchObject({
      outcome: 'unavailable',
      trouble: 'rate_limited',
    });
  });
});
