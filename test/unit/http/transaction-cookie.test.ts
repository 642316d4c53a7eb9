import { describe, expect, it } from 'vitest';
import {
  expireTransactionCookie,
  readTransactionCookies,
  writeTransactionCookie,
} from '../../../lib/http/transaction-cookie.ts';
import { Secret } from '../../../lib/secret.ts';

const https = 'https://evergrant.example.com';
const http = 'http://127.0.0.1:3000';
const value = 'v'.repeat(43);
const cookie = { label: 'a-label', value: new Secret('cookie', value), maxAgeSeconds: 600 };

describe('a cookie that is set', () => {
  it('over https belongs to this host alone, and never to a script', () => {
    expect(writeTransactionCookie(cookie, https)).toBe(
      `__Host-evergrant-a-label=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure`,
    );
  });

  it('over plain http has no prefix, since a browser would refuse it', () => {
    expect(writeTransactionCookie(cookie, http)).toBe(
      `evergrant-a-label=${value}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax`,
    );
  });

  it.each([https, http])('is ended under the same name and attributes at %s', (base) => {
    const [set, ...attributes] = writeTransactionCookie(cookie, base).split('; ');
    const [ended, ...others] = expireTransactionCookie('a-label', base).split('; ');

    expect(ended).toBe(`${set?.split('=')[0]}=`);
    expect(others).toEqual(attributes.map((text) => text.replace('=600', '=0')));
  });
});

describe('the cookies of a request', () => {
  const read = (...cookies: readonly string[]) =>
    Object.fromEntries(readTransactionCookies(cookies, https));

  it('are read by label', () => {
    expect(read(`__Host-evergrant-a=${value}`, `__Host-evergrant-b=${'w'.repeat(43)}`)).toEqual({
      a: value,
      b: 'w'.repeat(43),
    });
  });

  it.each([
    ['without the prefix', `evergrant-a=${value}`],
    ['of another prefix', `__Secure-evergrant-a=${value}`],
    ['of another name', `__Host-other-a=${value}`],
    ['with a short value', `__Host-evergrant-a=${value.slice(1)}`],
    ['with a long value', `__Host-evergrant-a=${value}v`],
    ['with a quoted value', `__Host-evergrant-a="${value}"`],
    ['with a line break', `__Host-evergrant-a=${value}\n`],
    ['without a value', '__Host-evergrant-a'],
    ['of nothing', ''],
  ])('%s are passed over', (_what, text) => {
    expect(read(text)).toEqual({});
  });

  it('are found behind many of other applications', () => {
    const others = Array.from({ length: 200 }, (_, index) => `other-${index}=x`);

    expect(read(...others, `__Host-evergrant-a=${value}`)).toEqual({ a: value });
  });

  it('are no more than 50', () => {
    const many = Array.from({ length: 60 }, (_, index) => `__Host-evergrant-${index}=${value}`);

    expect(Object.keys(read(...many))).toHaveLength(50);
  });
});
