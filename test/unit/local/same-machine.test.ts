import { expect, test } from 'vitest';
import { isFromThisMachine } from '../../../local/same-machine.ts';

test.each([
  { host: '127.0.0.1:3000' },
  { host: 'localhost:3000' },
  { host: '[::1]:3000' },
  { host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3006' },
])('a request with %o is from this machine', (headers) => {
  expect(isFromThisMachine(headers)).toBe(true);
});

test.each([
  { host: '127.0.0.1:3000', origin: 'https://evil.example' },
  { host: '127.0.0.1:3000', origin: 'null' },
  { host: '127.0.0.1:3000', origin: 'https://127.0.0.1.evil.example' },
  { host: 'evil.example:3000' },
  { host: 'user@evil.example' },
  {},
])('a request with %o is not', (headers) => {
  expect(isFromThisMachine(headers)).toBe(false);
});
