import { UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type ExpiryClues, readExpiry } from '../../../lib/oauth/expiry.ts';
import { readDuration, readInstant } from '../../../lib/oauth/expiry-values.ts';
import { sentAt } from './token-endpoint-fixtures.ts';

const day = 86_400;
const decade = 315_360_000;
const aJwt = (exp: unknown) => new UnsecuredJWT({ exp } as { exp: number }).encode();

describe('readDuration', () => {
  it.each([
    [3600, 'seconds', 3600],
    ['3600', 'seconds', 3600],
    [' 3600 ', 'seconds', 3600],
    ['3600.0', 'seconds', 3600],
    [3599.9, 'seconds', 3599],
    [3_600_000, 'milliseconds', 3600],
    ['3600000', 'milliseconds', 3600],
    [decade - 1, 'seconds', decade - 1],
  ] as const)('reads %j in %s', (value, unit, expected) => {
    expect(readDuration(value, unit)).toBe(expected);
  });

  it.each([
    0,
    -1,
    0.5,
    decade,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    '0',
    '-1',
    '',
    ' ',
    'abc',
    '1e3',
    '0x10',
    '3600s',
    '9'.repeat(30),
    null,
    undefined,
    true,
    [],
    [3600],
    {},
  ])('takes %j for unknown', (value) => {
    expect(readDuration(value, 'seconds')).toBeUndefined();
  });
});

describe('readInstant', () => {
  it.each([
    ['seconds', sentAt],
    ['seconds in a string', String(sentAt)],
    ['milliseconds', sentAt * 1000],
    ['milliseconds in a string', `${sentAt * 1000}`],
    ['ISO 8601', '2023-11-14T22:13:20Z'],
    ['ISO 8601 with a fraction', '2023-11-14T22:13:20.999Z'],
    ['ISO 8601 with an offset', '2023-11-15T00:13:20+02:00'],
  ])('reads %s', (_, value) => {
    expect(readInstant(value)).toBe(sentAt);
  });

  it.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    'tomorrow',
    '2023-11-14',
    '2023-11-14T22:13:20',
    '2023-99-99T00:00:00Z',
    '1969-01-01T00:00:00Z',
    null,
    undefined,
    {},
    true,
  ])('takes %j for unknown', (value) => {
    expect(readInstant(value)).toBeUndefined();
  });
});

describe('readExpiry', () => {
  const read = (clues: ExpiryClues) => readExpiry(clues, sentAt);
  const everything: ExpiryClues = {
    expiresIn: 100,
    expiresAt: sentAt + 200,
    token: aJwt(sentAt + 300),
    lifetime: 400,
  };

  it.each([
    ['expires_in', everything, 100],
    ['expires_at', { ...everything, expiresIn: undefined }, 200],
    ['jwt', { ...everything, expiresIn: undefined, expiresAt: undefined }, 300],
    ['default', { lifetime: 400 }, 400],
  ] as const)('goes by %s when nothing better is there', (source, clues, after) => {
    expect(read(clues)).toEqual({ source, expiresAt: sentAt + after });
  });

  it('knows nothing when nothing is there', () => {
    expect(read({})).toEqual({ source: 'unknown' });
  });

  it.each([
    ['expires_at has passed', { ...everything, expiresIn: undefined, expiresAt: sentAt }],
    ['expires_at is absurd', { ...everything, expiresIn: undefined, expiresAt: sentAt + decade }],
  ])('goes on to the next rung when %s', (_, clues) => {
    expect(read(clues).source).toBe('jwt');
  });

  it('reads the exp of a JWT whose parts are not as a strict decoder wants them', () => {
    const [header, payload = ''] = aJwt(sentAt + 300).split('.');
    const padded = `${payload}${'='.repeat((4 - (payload.length % 4)) % 4)}`;

    for (const token of [`${header}.${padded}.c2ln`, `${header}.${payload}.a+b/==`]) {
      expect(read({ token, lifetime: 400 })).toEqual({ source: 'jwt', expiresAt: sentAt + 300 });
    }
  });

  it.each([
    ['has passed', aJwt(sentAt - 1)],
    ['is absurd', aJwt(sentAt + decade)],
    ['is text', aJwt('soon')],
    ['is missing', new UnsecuredJWT({}).encode()],
    ['is in no JWT', 'opaque'],
    ['is in something with dots', 'a.b.c'],
  ])('goes on to the next rung when the exp %s', (_, token) => {
    expect(read({ token, lifetime: 400 })).toEqual({ source: 'default', expiresAt: sentAt + 400 });
  });

  it.each([
    ['is close', sentAt - 40, sentAt - 40 + 3600],
    ['is a little ahead', sentAt + 40, sentAt + 40 + 3600],
    ['is absent', undefined, sentAt + 3600],
    ['is more than a day old', sentAt - day - 1, sentAt + 3600],
    ['is more than a day ahead', sentAt + day + 1, sentAt + 3600],
    ['would have the new token ended', sentAt - 2 * 3600, sentAt + 3600],
  ])('counts expires_in from created_at or the sending, when created_at %s', (_, createdAt, at) => {
    expect(read({ expiresIn: 3600, createdAt })).toEqual({ source: 'expires_in', expiresAt: at });
  });
});
