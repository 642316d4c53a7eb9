import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { hashToken, isOneTimeToken, randomToken } from '../../../lib/broker/one-time-token.ts';

it('is 256 random bits, and another one each time', () => {
  const tokens = Array.from({ length: 100 }, () => randomToken());

  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) {
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(isOneTimeToken(token)).toBe(true);
  }
});

it('is stored as its SHA-256', () => {
  expect(hashToken('a-token')).toBe(createHash('sha256').update('a-token').digest('base64url'));
});

it.each([
  undefined,
  null,
  1,
  '',
  'a'.repeat(42),
  'a'.repeat(44),
  `${'a'.repeat(42)}=`,
  `${'a'.repeat(42)}\n`,
  `${'a'.repeat(43)}\n`,
])('is not read from %j', (text) => {
  expect(isOneTimeToken(text)).toBe(false);
});
