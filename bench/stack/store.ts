/**
 * DynamoDB's stand-in, in a process of its own: it shares no event loop with who measures.
 *
 * It is reached at any number of addresses, each with a clock of its own, by which its answers are
 * dated. `POST /address` opens another one; `POST /clock` sets an address's clock forward.
 *
 * Items are kept in memory, or in the folder that the argument names.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import dynalite from 'dynalite';
import { loopback } from '../../local/http-server.ts';
import { localUrl } from '../../local/ports.ts';
import { announce } from './child.ts';

const [path] = process.argv.slice(2);
const dynamodb = dynalite({ createTableMs: 0, ...(path !== undefined && { path }) });

async function openAddress(): Promise<string> {
  let aheadMs = 0;
  const control: Readonly<Record<string, (message: unknown) => object | Promise<object>>> = {
    '/address': async () => ({ url: await openAddress() }),
    '/clock': (message) => {
      aheadMs = (message as { readonly ahead_seconds: number }).ahead_seconds * 1000;
      return {};
    },
  };
  const server = createServer(async (request, response) => {
    const answer = control[request.url ?? ''];
    if (answer) response.end(JSON.stringify(await answer(await json(request))));
    else pass(request, response, aheadMs);
  });
  // Longer than any caller keeps an unused connection.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve));
  return localUrl((server.address() as AddressInfo).port);
}

function pass(request: IncomingMessage, response: ServerResponse, aheadMs: number): void {
  response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
  dynamodb.emit('request', request, response);
}

announce(await openAddress());
