import { describe, expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import type { Transport } from '../../../lib/oauth/transport.ts';
import { epochSeconds } from '../../../lib/time.ts';
import { aClient, aClock, bearer, grantedAnswer, json, sentAt } from './token-endpoint-fixtures.ts';

const lifetimes = { access_token_seconds: 900, refresh_token_seconds: 5000 };
const client = aClient({
  definition: {
    lifetimes,
    answer: { expires_at: ['expires_at'], refresh_token_expires_at: ['rt_expires_at'] },
  },
});
const millisecondClient = aClient({ definition: { answer: { unit: 'milliseconds' } } });

describe('the life of an access token', () => {
  it.each([
    ['expires_in', { expires_in: '3600' }, 3600, 'expires_in'],
    [
      'expires_at, where expires_in is 0',
      { expires_in: 0, expires_at: sentAt + 60 },
      60,
      'expires_at',
    ],
    ['the definition, where the answer is silent', {}, 900, 'default'],
  ])('is read from %s, counted from the sending', async (_, members, after, expirySource) => {
    const answer = await grantedAnswer(json({ ...bearer, ...members }), client);

    expect(answer).toMatchObject({ expiresAt: sentAt + after, expirySource });
  });

  it('is unknown where nobody tells it', async () => {
    const answer = await grantedAnswer(json(bearer));

    expect(answer.expirySource).toBe('unknown');
    expect(answer).not.toHaveProperty('expiresAt');
  });

  it('counts from when the request was sent, however long the answer took', async () => {
    let now = sentAt;
    const slow: Transport = async () => {
      now = epochSeconds(sentAt + 20);
      return json({ ...bearer, expires_in: 3600 });
    };
    const clock = { ...aClock(), now: () => now };

    const outcome = await tokenRequester({ transport: slow, clock })(
      aClient(),
      { grantType: 'client_credentials', params: {} },
      30_000,
    );

    expect(outcome).toMatchObject({
      outcome: 'granted',
      answer: { expiresAt: sentAt + 3600, obtainedAt: sentAt },
    });
  });

  it("is read in the definition's unit", async () => {
    const body = { ...bearer, expires_in: 60_000, refresh_token_expires_in: 120_000 };

    expect(await grantedAnswer(json(body), millisecondClient)).toMatchObject({
      expiresAt: sentAt + 60,
      refreshTokenExpiresAt: sentAt + 120,
    });
  });
});

describe('the life of a refresh token', () => {
  const withRefreshToken = { ...bearer, refresh_token: 'r-1' };

  it.each([
    ['its expires_in', { refresh_token_expires_in: 60 }, 60],
    ['its expires_at', { rt_expires_at: new Date((sentAt + 70) * 1000).toISOString() }, 70],
    ['the definition, where 0 means unknown', { refresh_token_expires_in: 0 }, 5000],
  ])('is read from %s', async (_, members, after) => {
    const answer = await grantedAnswer(json({ ...withRefreshToken, ...members }), client);

    expect(answer.refreshTokenExpiresAt).toBe(sentAt + after);
  });

  it('is not begun anew by an answer that brought none', async () => {
    expect((await grantedAnswer(json(bearer), client)).refreshTokenExpiresAt).toBeUndefined();
  });
});
