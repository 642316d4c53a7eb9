import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { TransportError } from './transport.ts';

/** The most that is read of an answer, before and after decompression. */
export const maxBodyBytes = 64 * 1024;

const decoders: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gunzip)(body, { maxOutputLength: maxBodyBytes }),
  'x-gzip': (body) => promisify(gunzip)(body, { maxOutputLength: maxBodyBytes }),
  deflate: (body) => promisify(inflate)(body, { maxOutputLength: maxBodyBytes }),
  br: (body) => promisify(brotliDecompress)(body, { maxOutputLength: maxBodyBytes }),
  identity: async (body) => body,
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
  const body: AsyncIterable<Buffer> = response;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new TransportError('too_large', true);
    chunks.push(chunk);
  }
  const coding = contentEncoding?.trim().toLowerCase() || 'identity';
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decode === undefined) throw new TransportError('malformed', true);
  return new TextDecoder().decode(await decode(Buffer.concat(chunks)).catch(refuse));
}

function refuse(error: unknown): never {
  const isTooLarge = error instanceof RangeError && 'code' in error;
  throw new TransportError(isTooLarge ? 'too_large' : 'malformed', true);
}
