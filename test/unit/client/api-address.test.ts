import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBaseUrl, resolveApiUrl } from '../../../lib/client/api-address.ts';
import { InvalidRequest } from '../../../lib/client/evergrant-error.ts';

const name = 'hurma-acme/ann';
const base = new URL('https://api.example/v3');
const resolve = (target: string | URL, from = base) =>
  resolveApiUrl(target, { name, base: from }).href;

describe('a path', () => {
  it.each([
    ['/users', 'https://api.example/v3/users'],
    ['users', 'https://api.example/v3/users'],
    ['users/7?a=b&c=%20', 'https://api.example/v3/users/7?a=b&c=%20'],
    ['', 'https://api.example/v3'],
    ['?page=2', 'https://api.example/v3?page=2'],
    ['/', 'https://api.example/v3/'],
    ['/users#top', 'https://api.example/v3/users'],
    ['/a/../b', 'https://api.example/v3/b'],
    ['//other.example/x', 'https://api.example/v3//other.example/x'],
    ['/\\other.example/x', 'https://api.example/v3//other.example/x'],
    [
      '/users?next=https://other.example',
      'https://api.example/v3/users?next=https://other.example',
    ],
    ['/user:7', 'https://api.example/v3/user:7'],
  ])('%o stands below the base URL', (target, expected) => {
    expect(resolve(target)).toBe(expected);
  });

  it('keeps the query of the base URL', () => {
    const withQuery = new URL('https://api.example/v3/?format=json');

    expect(resolve('/users?a=b', withQuery)).toBe('https://api.example/v3/users?format=json&a=b');
    expect(resolve('', withQuery)).toBe('https://api.example/v3/?format=json');
  });

  it.each(['../v4', '/../../admin', '/%2e%2e/admin', '/..\\admin', '/a/../../v33/x'])(
    '%o does not lead above the base URL',
    (target) => {
      expect(() => resolve(target)).toThrow(InvalidRequest);
    },
  );
});

describe('a URL', () => {
  it('of the API’s origin is taken, wherever it leads there', () => {
    const next = 'https://api.example/v4/users?cursor=2';

    expect(resolve(next)).toBe(next);
    expect(resolve(new URL(next))).toBe(next);
  });

  it.each([
    'https://other.example/v3/users',
    'http://api.example/v3/users',
    'https://api.example:8443/v3/users',
    'https://api.example.other.example/v3',
    'https://api.example@other.example/v3',
    'https://user:password@api.example/v3',
    'HTTPS://other.example/',
    'https:other.example',
    'data:text/plain,x',
    'javascript:0',
    'https://',
  ])('%s gets no token', (target) => {
    expect(() => resolve(target)).toThrow(InvalidRequest);
  });
});

it('no text whatever leads to another origin', () => {
  const part = fc.constantFrom(
    ...['/', '\\', '..', ':', '@', '?', '#', '%2e', 'https:', '\t', '\n', 'o.example', 'v3'],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part).map((parts) => parts.join('')),
  );

  const staysOrIsRefused = (target: string) => {
    try {
      return new URL(resolve(target)).origin === base.origin;
    } catch (error) {
      return error instanceof InvalidRequest;
    }
  };
  fc.assert(fc.property(text, staysOrIsRefused), { numRuns: 1000 });
});

describe('a base URL', () => {
  it.each([
    'https://api.example/v3',
    'http://127.0.0.1:3006',
    'http://localhost/x',
    'http://[::1]/',
  ])('%s may get a token', (url) => {
    expect(readBaseUrl(name, url).href).toBe(new URL(url).href);
  });

  it.each(['http://api.example', 'ftp://api.example', 'api.example', '', undefined])(
    '%s may not',
    (url) => {
      expect(() => readBaseUrl(name, url)).toThrow(InvalidRequest);
    },
  );
});
