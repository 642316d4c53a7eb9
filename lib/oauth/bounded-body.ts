import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { TransportError } from './transport.ts';

/** The most that is read of an answer, before and after decompression. */
export const maxBodyBytes = 64 * 1024;

const utf8 = new TextDecoder();

const decoders: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gunzip)(body, { maxOutputLength: maxBodyBytes }),
  'x-gzip': (body) => promisify(gunzip)(body, { maxOutputLength: maxBodyBytes }),
  deflate: (body) => promisify(inflate)(body, { maxOutputLength: maxBodyBytes }),
  br: (body) => promisify(brotliDecompress)(body, { maxOutputLength: maxBodyBytes }),
};

/**
 * Reads an answer's body as text, at most {@link maxBodyBytes} of it.
 *
 * We ask for no compression; a server that compresses all the same is understood if it uses one
 * coding of RFC 9110 §8.4.1, and cannot make us inflate more than the limit.
 *
 * @param contentEncoding - the header of that name; untrusted.
 * @throws {TransportError} `too_large`, or `malformed` for a coding that cannot be undone.
 */
export async function readBoundedBody(
  response: Readable,
  contentEncoding: string | undefined,
): Promise<string> {
  const body = await collect(response);
  const coding = contentEncoding?.trim().toLowerCase() || 'identity';
  if (coding === 'identity') return utf8.decode(body);
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decode === undefined) throw new TransportError('malformed', true);
  return utf8.decode(await decode(body).catch(refuse));
}

/** By the stream's events: to make an iterator takes a tenth of a millisecond, before the answer is safe. */
function collect(response: Readable): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > maxBodyBytes) response.destroy(new TransportError('too_large', true));
  });
  response.on('end', () => resolve(Buffer.concat(chunks)));
  response.on('error', reject);
  response.on('close', () => reject(new TransportError('network', true)));
  return promise;
}

function refuse(error: unknown): never {
  const isTooLarge = error instanceof RangeError && 'code' in error;
  throw new TransportError(isTooLarge ? 'too_large' : 'malformed', true);
}
