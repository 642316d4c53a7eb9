import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import { Sha256 } from '../lib/client/sign-http.ts';

/** A request to an API behind IAM. */
export interface SignedRequest {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly region: string;
  readonly credentials: SignatureV4Init['credentials'];
}

/**
 * `fetch` with an AWS Signature Version 4 for `execute-api`, as an IAM caller sends it.
 *
 * @param url - absolute; its path and query are signed as they stand. No redirect is followed.
 */
export async function signedFetch(url: string, request: SignedRequest): Promise<Response> {
  const { method, headers = {}, body, signal, region, credentials } = request;
  const { protocol, hostname, host, port, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
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
