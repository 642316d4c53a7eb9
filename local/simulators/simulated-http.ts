/**
 * The HTTP under every simulator: one request read whole, one reply written, nothing else.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const maxBodyBytes = 64 * 1024;

/** A request as it came over the wire. Untrusted. */
export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; repeated headers joined as Node joins them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The media type of the body in lower case, without its parameters; empty when not given. */
  readonly mediaType: string;
  readonly body: string;
}

/** What is answered, and what the log of calls keeps of it: a code, never a credential. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly outcome: string;
}

/** `hang`: no answer until the server closes. `drop`: the connection ends without an answer. */
export type Ending = Reply | 'hang' | 'drop';

/** A server that listens, and the way to end it. */
export interface RunningServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** Stops listening and drops every open connection, hanging ones too. */
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1.
 *
 * @param port - 0 takes any free port.
 * @param answer - must not reject; what it throws is answered as a bare 500.
 */
export async function serve(
  port: number,
  answer: (request: SimulatedRequest) => Ending | Promise<Ending>,
): Promise<RunningServer> {
  const server = createServer((incoming, response) => {
    void respond(incoming, response, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: (request: SimulatedRequest) => Ending | Promise<Ending>,
): Promise<void> {
  try {
    const request = await readRequest(incoming);
    const ending = request ? await answer(request) : plain(413, 'too large', 'too_large');
    if (ending === 'hang') return;
    if (ending === 'drop') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(ending.status, { 'cache-control': 'no-store', ...ending.headers });
    response.end(ending.body);
  } catch {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SimulatedRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value ?? '')]),
  );
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    mediaType: (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** The parameters of a form body (RFC 6749 Appendix B); undefined when the body is no form. */
export function readForm(request: SimulatedRequest): URLSearchParams | undefined {
  if (request.mediaType !== 'application/x-www-form-urlencoded') return undefined;
  return new URLSearchParams(request.body);
}

/** The members of a JSON object body; undefined when the body is none. */
export function readJsonObject(
  request: SimulatedRequest,
): Readonly<Record<string, unknown>> | undefined {
  if (request.mediaType !== 'application/json') return undefined;
  try {
    const value: unknown = JSON.parse(request.body);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}

/** The token of an `Authorization: Bearer` header (RFC 6750 §2.1). */
export function readBearer(request: SimulatedRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

export function json(status: number, body: object, outcome: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    outcome,
  };
}

export function plain(status: number, body: string, outcome: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body, outcome };
}

/** A page without script. Forms may lead anywhere, since a consent ends at the client's URL. */
export function page(status: number, body: string, outcome: string): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body,
    outcome,
  };
}

export function redirect(location: string, outcome: string): Reply {
  return { status: 302, headers: { location }, body: '', outcome };
}
