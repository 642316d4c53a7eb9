import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { maxBodyBytes } from '../../../lib/oauth/bounded-body.ts';
import { ample, post, serve, transport } from './loopback-server.ts';

const bomb = Buffer.alloc(10_000_000);

describe('the body of an answer', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('undoes %s of a server that compresses unasked', async (coding, compress) => {
    const base = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(compress('{"a":1}'));
    });

    expect((await transport(post(base), ample)).body).toBe('{"a":1}');
  });

  it('takes a body of exactly 64 KB', async () => {
    const base = await serve((_, response) => response.end('x'.repeat(maxBodyBytes)));

    expect((await transport(post(base), ample)).body).toHaveLength(65_536);
  });

  it.each([
    ['a longer body', {}, () => Buffer.alloc(maxBodyBytes + 1, 'x')],
    ['a token of 2 MB', {}, () => Buffer.alloc(2_000_000, 'x')],
    ['a gzip bomb', { 'content-encoding': 'gzip' }, () => gzipSync(bomb)],
    ['a bomb by its other name', { 'content-encoding': 'x-gzip' }, () => gzipSync(bomb)],
    ['a deflate bomb', { 'content-encoding': 'deflate' }, () => deflateSync(bomb)],
    ['a brotli bomb', { 'content-encoding': 'br' }, () => brotliCompressSync(bomb)],
  ])('refuses %s as too large', async (_, headers, body) => {
    const bytes = body();
    const base = await serve((_request, response) => response.writeHead(200, headers).end(bytes));

    await expect(transport(post(base), ample)).rejects.toMatchObject({
      trouble: 'too_large',
      sent: true,
    });
  });

  it.each([
    ['an unknown coding', 'zstd-of-tomorrow', Buffer.from('x')],
    ['two codings', 'gzip, gzip', gzipSync(gzipSync('x'))],
    ['a broken gzip', 'gzip', gzipSync('hello').subarray(0, 12)],
    ['no gzip at all', 'gzip', Buffer.from('hello')],
    ['the name of a prototype member', 'constructor', Buffer.from('x')],
  ])('refuses %s as malformed', async (_, coding, bytes) => {
    const base = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(bytes);
    });

    await expect(transport(post(base), ample)).rejects.toMatchObject({
      trouble: 'malformed',
      sent: true,
    });
  });
});
