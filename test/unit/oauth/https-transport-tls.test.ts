import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls, { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpsTransport } from '../../../lib/oauth/https-transport.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';

const trusted = getCACertificates('default');
const defaults = { version: tls.DEFAULT_MIN_VERSION, ciphers: tls.DEFAULT_CIPHERS };
const certificate = selfSignedCertificate('as.example');
const transport = httpsTransport({
  allowLoopbackHttp: true,
  allowedPrivateHosts: [],
  tlsRejectUnauthorized: undefined,
  lookupAddresses: async () => [{ address: '127.0.0.1', family: 4 }],
});

let requests: string[] = [];
let close: () => unknown = () => undefined;

beforeEach(() => {
  requests = [];
});
afterEach(() => {
  close();
  setDefaultCACertificates(trusted);
  tls.DEFAULT_MIN_VERSION = defaults.version;
  tls.DEFAULT_CIPHERS = defaults.ciphers;
});

/** A server on loopback that counts what reaches it; resolves with its port. */
function serve(options: ServerOptions = {}): Promise<number> {
  const server = createServer({ ...certificate, ...options }, (request, response) => {
    requests.push(`${(request.socket as TLSSocket).getProtocol()} ${request.headers.host}`);
    response.end('{}');
  });
  close = () => server.close();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const post = (url: string) =>
  transport({ method: 'POST', url, headers: {}, body: 'client_secret=s3cret' }, 10_000);

describe('TLS', () => {
  it('goes to a server whose certificate is trusted and bears its name', async () => {
    setDefaultCACertificates([...trusted, certificate.cert]);
    const port = await serve();

    expect(await post(`https://as.example:${port}/token`)).toMatchObject({ status: 200 });
    expect(requests).toEqual([`TLSv1.3 as.example:${port}`]);
  });

  it.each([
    ['nobody vouches for the certificate', 'as.example', false],
    ['the certificate bears another name', 'other.example', true],
  ])('sends nothing when %s', async (_, host, isTrusted) => {
    if (isTrusted) setDefaultCACertificates([...trusted, certificate.cert]);
    const port = await serve();

    await expect(post(`https://${host}:${port}/token`)).rejects.toMatchObject({
      trouble: 'network',
      sent: false,
    });
    expect(requests).toEqual([]);
  });

  it('sends nothing to a server that knows no more than TLS 1.1, whatever Node would take', async () => {
    setDefaultCACertificates([...trusted, certificate.cert]);
    // As by `--tls-min-v1.0` and `--tls-cipher-list` in NODE_OPTIONS.
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
    const port = await serve({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });

    await expect(post(`https://as.example:${port}/token`)).rejects.toMatchObject({
      trouble: 'network',
      sent: false,
    });
    expect(requests).toEqual([]);
  });
});
