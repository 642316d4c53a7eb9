import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isClientName,
  isConnectionId,
  keyText,
  parseClientName,
  parseConnectionKey,
} from '../../lib/names.ts';

describe('a client’s name', () => {
  it.each(['a', 'hurma-acme', 'a1-b2-c3', '7', 'a'.repeat(63)])('may be %s', (name) => {
    expect(parseClientName(name)).toBe(name);
  });

  it.each([
    undefined,
    null,
    7,
    ['a'],
    '',
    '-a',
    'a-',
    'a--b',
    'A',
    'a_b',
    'a.b',
    'a/b',
    'a b',
    'a\n',
    'é',
    '__proto__',
    'a'.repeat(64),
  ])('may not be %j', (name) => {
    expect(isClientName(name)).toBe(false);
    expect(() => parseClientName(name)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});

describe('a connection’s id', () => {
  it.each(['a', 'Ann', 'ann@example.com', '~x', '_', '-a', '@a', 'a'.repeat(128)])(
    'may be %s',
    (id) => {
      expect(isConnectionId(id)).toBe(true);
    },
  );

  it.each([
    undefined,
    {},
    '',
    '.',
    '..',
    '.a',
    'a/b',
    'a b',
    'a\n',
    'a\u0000',
    'a:b',
    'a#b',
    'a%2Fb',
    'é',
    'a'.repeat(129),
  ])('may not be %j', (id) => {
    expect(isConnectionId(id)).toBe(false);
  });
});

it('names each malformed name and repeats none', () => {
  const parse = () => parseConnectionKey({ client: 'CANARY', connection: '/canary' });

  expect(parse).toThrow(
    expect.objectContaining({
      context: {
        problems: [
          expect.stringMatching(/^client must/),
          expect.stringMatching(/^connection must/),
        ],
      },
    }),
  );
  expect(parse).not.toThrow(/canary/i);
});

it('makes one key text of one address, whatever the names', () => {
  const client = fc.string({ unit: fc.constantFrom('a', '-', '1') }).filter(isClientName);
  const id = fc.string({ unit: fc.constantFrom('a', '-', '.', '@') }).filter(isConnectionId);
  const address = fc.record({ client, connection: id }).map(parseConnectionKey);
  fc.assert(
    fc.property(address, address, (one, other) => {
      const isSame = one.client === other.client && one.connection === other.connection;
      expect(keyText(one) === keyText(other)).toBe(isSame);
    }),
  );
});
