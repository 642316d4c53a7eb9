import { randomToken } from '../../lib/broker/one-time-token.ts';
import type { Log } from '../../lib/broker/ports.ts';
import { httpsTransport } from '../../lib/oauth/https-transport.ts';
import { expiryIntrospector } from '../../lib/oauth/introspect-expiry.ts';
import { tokenRequester } from '../../lib/oauth/request-token.ts';
import { tokenRevoker } from '../../lib/oauth/revoke-token.ts';
import type { ProviderRequest, Transport } from '../../lib/oauth/transport.ts';
import { type Clock, epochSeconds, seconds, systemClock } from '../../lib/time.ts';
import { testSealer } from '../support/key-rings.ts';
import { memoryClientRegistry } from '../support/memory-client-registry.ts';
import { memoryClientStore } from '../support/memory-client-store.ts';
import { memoryConnectionStore } from '../support/memory-connection-store.ts';
import { memoryRecoveryQueue, memoryRevocationQueue } from '../support/memory-queues.ts';
import { memorySessionStore } from '../support/memory-session-store.ts';
import { memoryTokenStore } from '../support/memory-token-store.ts';

export type BrokerPorts = ReturnType<typeof buildPorts>;

/** The ports of every use case: stores in memory, and the world as it is. */
export function buildPorts() {
  const { clock, pass } = shiftingClock();
  const { transport, requests } = recordingTransport();
  const log = keptLog();
  return {
    connections: memoryConnectionStore(),
    tokens: memoryTokenStore(),
    sessions: memorySessionStore(),
    clients: memoryClientRegistry(),
    clientStatus: memoryClientStore(),
    recovery: memoryRecoveryQueue(),
    revocations: memoryRevocationQueue(),
    sealer: testSealer(),
    requestToken: tokenRequester({ transport, clock }),
    introspectExpiry: expiryIntrospector({ transport, clock }),
    revokeToken: tokenRevoker({ transport, clock }),
    publicBaseUrl: 'https://broker.example.com',
    providerTimeoutSeconds: seconds(10),
    timing: {
      leaseSeconds: seconds(30),
      providerTimeoutSeconds: seconds(10),
      storeWriteSeconds: seconds(5),
      clockSkewSeconds: seconds(5),
      recoveryDelaySeconds: seconds(120),
    },
    random: () => 0.5,
    randomToken,
    clock,
    log,
    count: () => undefined,
    /** Lets this many seconds pass here; the server's clock stays. */
    pass,
    /** Everything that was sent to the server, but what its pages were asked by the browser. */
    requests,
  };
}

/** Real HTTP, plain to this machine, and a record of what was sent. */
function recordingTransport() {
  const requests: ProviderRequest[] = [];
  const https = httpsTransport({
    allowLoopbackHttp: true,
    allowedPrivateHosts: [],
    tlsRejectUnauthorized: undefined,
  });
  const transport: Transport = (request, timeoutMs) => {
    requests.push(request);
    return https(request, timeoutMs);
  };
  return { transport, requests };
}

function shiftingClock() {
  let shiftSeconds = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => epochSeconds(systemClock.now() + shiftSeconds),
    nowMs: () => systemClock.nowMs() + shiftSeconds * 1000,
  };
  const pass = (count: number) => {
    shiftSeconds += count;
  };
  return { clock, pass };
}

interface LogLine {
  readonly event: string;
  readonly details: Readonly<Record<string, unknown>>;
}

function keptLog(): Log & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const write = (event: string, details: object = {}) => {
    lines.push({ event, details: { ...details } });
  };
  return { lines, info: write, warn: write, error: write };
}
