import { createHash, createHmac } from 'node:crypto';
import {
  SignatureV4,
  type SignatureV4CryptoInit,
  type SignatureV4Init,
} from '@smithy/signature-v4';

/** A request to an API behind IAM. */
export interface SignedRequest {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly region: string;
  readonly credentials: SignatureV4Init['credentials'];
}

/** The hash that the signer works with; with a key it is an HMAC. */
const sha256: SignatureV4CryptoInit['sha256'] = class {
  readonly #hash;

  constructor(key?: Parameters<typeof toBytes>[0]) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', toBytes(key));
  }

  update(data: Parameters<typeof toBytes>[0]): void {
    this.#hash.update(toBytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
};

/**
 * `fetch` with an AWS Signature Version 4 for `execute-api`, as an IAM caller sends it.
 *
 * @param url - absolute; its path and query are signed as they stand. No redirect is followed.
 */
export async function signedFetch(url: string, request: SignedRequest): Promise<Response> {
  const { method, headers = {}, body, signal, region, credentials } = request;
  const { protocol, hostname, host, port, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256 });
  const { headers: signed } = await signer.sign({
    method,
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: {
      host,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const { host: _, ...sent } = signed;
  return fetch(url, {
    method,
    headers: sent,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function toBytes(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
