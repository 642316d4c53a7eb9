import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP, type LookupFunction, type Socket, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Fault } from '../fault.ts';
import { readBoundedBody } from './bounded-body.ts';
import {
  type AddressPolicy,
  type HostAddress,
  hostOf,
  type LookupAddresses,
  resolveProviderAddresses,
} from './provider-address.ts';
import {
  type ProviderRequest,
  type ProviderResponse,
  type Transport,
  TransportError,
} from './transport.ts';

export interface HttpsTransportOptions extends AddressPolicy {
  /** What the environment says for `NODE_TLS_REJECT_UNAUTHORIZED`. */
  readonly tlsRejectUnauthorized: string | undefined;
  /** Resolves host names. Default: the system's resolver. */
  readonly lookupAddresses?: LookupAddresses;
}

/**
 * Sends requests to providers over HTTPS, with the certificate verified and TLS 1.2 at least
 * (RFC 6749 §1.6), to an address that was checked before.
 *
 * Each request has a connection of its own, and is handed to it only once the connection stands
 * and the server's certificate is verified. So a failure before that moment surely sent nothing,
 * and a stale connection never leaves us guessing.
 *
 * @throws {Fault} `CONFIGURATION_INVALID` when the environment turns certificate verification off.
 */
export function httpsTransport(options: HttpsTransportOptions): Transport {
  if (options.tlsRejectUnauthorized === '0') {
    throw new Fault('CONFIGURATION_INVALID', {
      problems: ['NODE_TLS_REJECT_UNAUTHORIZED is 0; remove it: certificates must be verified'],
    });
  }
  return async (request, timeoutMs) => {
    const signal = AbortSignal.timeout(Math.max(0, Math.floor(timeoutMs)));
    let sent = false;
    try {
      const url = parseUrl(request.url);
      const addresses = await untilAborted(
        resolveProviderAddresses(url, options, options.lookupAddresses),
        signal,
      );
      const socket = await connectTo(url, addresses, signal);
      sent = true;
      return await converse(socket, url, request);
    } catch (error) {
      throw asTransportError(error, sent, signal);
    }
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new TransportError('address_refused', false);
  }
  return url;
}

/** A name server cannot be told to stop, so its answer is not waited for. */
function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** A connection that stands; with TLS, to a server that has proven its name. */
async function connectTo(
  url: URL,
  addresses: readonly HostAddress[],
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const host = hostOf(url);
  const isTls = url.protocol === 'https:';
  const target = {
    host,
    port: Number(url.port) || (isTls ? 443 : 80),
    lookup: pinnedTo(addresses),
    autoSelectFamily: true,
  };
  const socket = isTls
    ? tlsConnect({
        ...target,
        ...(isIP(host) === 0 && { servername: host }),
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ALPNProtocols: ['http/1.1'],
      })
    : tcpConnect(target);
  // Errors reach us through the promises below; one that comes after them concerns nobody.
  socket.on('error', () => undefined);
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function pinnedTo(addresses: readonly HostAddress[]): LookupFunction {
  const [first] = addresses;
  return (_hostname, { all }, callback) =>
    all ? callback(null, [...addresses]) : callback(null, first?.address ?? '', first?.family);
}

/** Sends the request over its connection and reads the whole answer. */
async function converse(
  socket: Socket,
  url: URL,
  request: ProviderRequest,
): Promise<ProviderResponse> {
  try {
    const outgoing = open(socket, url, request);
    outgoing.end(request.body);
    return await responseTo(outgoing);
  } finally {
    // To close it takes a tenth of a millisecond, which the answer need not wait for.
    setImmediate(() => socket.destroy());
  }
}

function open(socket: Socket, url: URL, request: ProviderRequest): ClientRequest {
  try {
    return httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...request.headers,
        host: url.host,
        connection: 'close',
        'accept-encoding': 'identity',
        ...(request.method === 'POST' && {
          'content-length': Buffer.byteLength(request.body ?? ''),
        }),
      },
    });
  } catch {
    // A header that HTTP cannot carry is refused before anything is written.
    throw new TransportError('malformed', false);
  }
}

/** Reads from the very event that brings it: every turn of the loop before an answer is safe counts. */
function responseTo(outgoing: ClientRequest): Promise<ProviderResponse> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', (response) => resolve(read(response)));
    outgoing.on('error', reject);
    outgoing.on('close', () => reject(new TransportError('network', true)));
  });
}

async function read(response: IncomingMessage): Promise<ProviderResponse> {
  const body = await readBoundedBody(response, response.headers['content-encoding']);
  return { status: response.statusCode ?? 0, headers: flatten(response.headers), body };
}

function flatten(headers: IncomingMessage['headers']): Readonly<Record<string, string>> {
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')] as const);
  return Object.fromEntries(flat);
}

function asTransportError(error: unknown, sent: boolean, signal: AbortSignal): TransportError {
  if (error instanceof TransportError) {
    return signal.aborted && error.trouble === 'network'
      ? new TransportError('timeout', sent)
      : error;
  }
  if (signal.aborted) return new TransportError('timeout', sent);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new TransportError(code.startsWith('HPE_') ? 'malformed' : 'network', sent);
}
