import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';

const secret = new Secret('access_token', 'canary');

it('is revealed to whoever says so', () => {
  expect(secret.reveal()).toBe('canary');
});

describe('its value does not appear in', () => {
  it.each<[string, (value: unknown) => string]>([
    ['JSON', (value) => JSON.stringify({ value, list: [value] })],
    ['a template', (value) => `${value}`],
    ['a sum of texts', (value) => `a ${String(value)}`],
    ['inspect', (value) => inspect({ value }, { showHidden: true, depth: 9 })],
    ['console’s format', (value) => format('%s %o %O %j', value, value, value, value)],
    ['a spread', (value) => JSON.stringify({ ...(value as object) })],
    ['its members', (value) => JSON.stringify(Object.entries(value as object))],
    [
      'its own property names',
      (value) =>
        Reflect.ownKeys(value as object)
          .map(String)
          .join(),
    ],
    ['an error that holds it', (value) => inspect(new Error('failed', { cause: value }))],
    ['a clone', (value) => inspect(structuredClone(value))],
  ])('%s', (_where, print) => {
    const text = print(secret);

    expect(text).not.toContain('canary');
  });
});

it('says of what kind it is', () => {
  expect(`${secret}`).toBe('[secret access_token]');
  expect(JSON.stringify(secret)).toBe('"[secret access_token]"');
  expect(inspect(secret)).toBe('[secret access_token]');
});
