import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { afterEach } from 'vitest';
import { httpsTransport } from '../../../lib/oauth/https-transport.ts';
import type { ProviderRequest } from '../../../lib/oauth/transport.ts';

/** A deadline that no test is meant to reach, in milliseconds. */
export const ample = 10_000;

/** The transport's options on the local stage. */
export const local = {
  allowLoopbackHttp: true,
  allowedPrivateHosts: [],
  tlsRejectUnauthorized: undefined,
};
export const transport = httpsTransport(local);

const listening: (Server | TcpServer)[] = [];
afterEach(() => {
  for (const server of listening.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
});

/** Has a server listen on a free port of loopback until the test ends; resolves with its URL. */
export function listen(server: Server | TcpServer): Promise<string> {
  listening.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

export const serve = (listener: RequestListener) => listen(createServer(listener));

export const post = (url: string, given: Partial<ProviderRequest> = {}): ProviderRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'text/plain' },
  body: 'grant_type=x&ü',
  ...given,
});
