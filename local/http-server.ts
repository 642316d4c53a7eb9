import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { isFromThisMachine } from './same-machine.ts';

/** The only address that anything of the local stack listens on. */
export const loopback = '127.0.0.1';

/** A server that is listening. */
export interface RunningServer {
  /** Its address without a path, such as `http://127.0.0.1:3004`. */
  readonly url: string;
  /** Stops listening and ends every open connection. */
  readonly close: () => Promise<void>;
}

/** One answer, complete. */
export interface Reply {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Answers one request; `body` is all that was sent. */
export type Responder = (request: IncomingMessage, body: Buffer) => Promise<Reply> | Reply;

/**
 * Listens on the loopback address.
 *
 * A request that a web page from elsewhere made is answered 403. A responder that throws answers 500 without details; the error goes to standard error.
 *
 * @param port - 0 for any free one.
 * @param maxBodyBytes - a longer request is answered 413 and its connection closed.
 * @throws {Error} `EADDRINUSE` when something else listens there.
 */
export async function startHttpServer(
  respond: Responder,
  { port, maxBodyBytes }: { readonly port: number; readonly maxBodyBytes: number },
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    answer(request, response, { respond, maxBodyBytes }).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => resolve());
  });

  const { port: boundPort } = server.address() as AddressInfo;
  return {
    url: `http://${loopback}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { respond, maxBodyBytes }: { readonly respond: Responder; readonly maxBodyBytes: number },
): Promise<void> {
  if (!isFromThisMachine(request.headers)) {
    response.writeHead(403, { connection: 'close' }).end();
    return;
  }
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const reply = await respond(request, body);
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

/** The whole body, or undefined when it is longer than `maxBytes`. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
