import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { signedFetch } from '../../../local/playground/signed-fetch.ts';
import { aFakeStack, type FakeStack } from './a-fake-stack.ts';

let fake: FakeStack;

beforeEach(async () => {
  fake = await aFakeStack();
});
afterEach(() => fake.close());

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it('signs what it sends by Signature Version 4, as reckoned here a second time', async () => {
  const body = '{"client":"hurma-acme"}';
  await signedFetch(`${fake.stack.api}/connect-sessions?b=2&a=1`, { method: 'POST', body });

  const headers = fake.seen[0]?.headers ?? {};
  const [, date = '', signedHeaders = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=local\/(\d{8})\/us-east-1\/execute-api\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const canonical = [
    'POST',
    '/connect-sessions',
    'a=1&b=2',
    ...signedHeaders.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const scope = `${date}/us-east-1/execute-api/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${headers['x-amz-date']}\n${scope}\n${sha256(canonical)}`;
  const key = [date, 'us-east-1', 'execute-api', 'aws4_request'].reduce<Buffer | string>(
    (previous, part) => hmac(previous, part),
    'AWS4local',
  );
  expect(signedHeaders.split(';')).toContain('host');
  expect(signature).toBe(hmac(key, text).toString('hex'));
});

it('signs by the key id that it is given', async () => {
  await signedFetch(`${fake.stack.api}/connections`, { accessKeyId: 'bob', region: 'eu-west-1' });

  expect(fake.seen[0]?.headers.authorization).toMatch(/Credential=bob\/\d{8}\/eu-west-1\//);
});
