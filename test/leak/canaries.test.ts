import { expect, it } from 'vitest';
import { canaries } from './canaries.ts';

it.each<[string, (secret: string) => string]>([
  ['as it is', (secret) => secret],
  ['in a query', (secret) => new URLSearchParams({ secret }).toString()],
  ['in JSON within JSON', (secret) => JSON.stringify({ body: JSON.stringify({ secret }) })],
  ['in HTTP Basic', (secret) => Buffer.from(`id:${secret}`).toString('base64')],
  ['one byte further on', (secret) => Buffer.from(`id_:${secret}`).toString('base64')],
  ['and another', (secret) => Buffer.from(`i-d_:${secret}`).toString('base64url')],
  ['in hexadecimal digits', (secret) => Buffer.from(secret).toString('hex')],
])('a secret is found %s', (_where, dress) => {
  const secrets = canaries();
  const secret = secrets.draw('code');
  secrets.add('ring', 'r:/+?&="\\~ 0123456789');

  expect(secrets.foundIn(dress(secret))).toEqual(['code 1']);
  expect(secrets.foundIn(dress('r:/+?&="\\~ 0123456789'))).toEqual(['ring 2']);
  expect(secrets.foundIn(dress('another value'))).toEqual([]);
});
