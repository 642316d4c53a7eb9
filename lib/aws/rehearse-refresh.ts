import { establishConnection } from '../broker/establish-connection.ts';
import type { RefreshReply } from '../broker/ports.ts';
import { refreshConnection } from '../broker/refresh-connection.ts';
import type { RefreshPorts } from '../broker/refresh-replies.ts';
import { parseConnectionKey } from '../names.ts';
import { resolveClient } from '../providers/resolve-client.ts';
import { jweSealer } from '../sealing/jwe-sealer.ts';
import { parseKeyRing } from '../sealing/key-ring.ts';
import { Secret } from '../secret.ts';
import { answeringClient } from './answering-client.ts';
import { dynamodbClientStore } from './dynamodb-client-store.ts';
import { dynamodbConnectionStore } from './dynamodb-connection-store.ts';
import { dynamodbTokenStore } from './dynamodb-token-store.ts';
import type { Preparing } from './prepared-update.ts';

const key = parseConnectionKey({ client: 'rehearsal', connection: 'rehearsal' });
const registration = JSON.stringify({
  provider: 'oauth2',
  client_id: 'rehearsal',
  client_secret: 'a made-up secret',
  provider_overrides: { token: { url: 'https://provider.invalid/token' } },
});
const ring = JSON.stringify({ current: 'k1', k1: 'a-key-that-opens-nothing-of-anybody' });

/**
 * Refreshes a made-up connection, from its row to the new token's, without sending anything.
 *
 * In a process of its own, code is several times slower when it first runs: between a provider's
 * answer and its write that is time in which an end of the process loses the connection. So it has
 * run before a credential is spent.
 *
 * @param ports.requestToken - a provider that is not there.
 * @returns how it ended: `refreshed`.
 */
export async function rehearseRefresh(
  ports: Pick<RefreshPorts, 'clock' | 'timing' | 'requestToken'>,
): Promise<RefreshReply> {
  const rehearsed = buildPorts(ports);
  const client = await rehearsed.clients.read(key.client);
  await establishConnection(rehearsed, client, {
    ...key,
    credential: { refreshToken: new Secret('refresh_token', 'made-up-refresh-token') },
    params: {},
    allowAccountSwitch: false,
  });
  const seconds = ports.timing.leaseSeconds * 2;
  return refreshConnection(rehearsed, key, {
    cause: { kind: 'demand', seenFence: Number.MAX_SAFE_INTEGER },
    deadlineMs: ports.clock.monotonicMs() + seconds * 1000,
  });
}

const preparing: Preparing = {
  openPost: () => ({
    send: async () => ({ status: 200, body: '{}' }),
    drop: () => undefined,
  }),
  unused: () => undefined,
};

function buildPorts(ports: Parameters<typeof rehearseRefresh>[0]): RefreshPorts {
  const dynamodb = answeringClient();
  const connections = { client: dynamodb, name: 'connections' };
  const silent = () => undefined;
  return {
    ...ports,
    connections: dynamodbConnectionStore({ ...connections, dueShards: 1, preparing }),
    tokens: dynamodbTokenStore({ client: dynamodb, name: 'tokens' }),
    clientStatus: dynamodbClientStore(connections),
    clients: { read: async (name) => resolveClient(name, registration, '1') },
    sealer: jweSealer(async (name) => parseKeyRing(name, ring)),
    recovery: { send: async () => undefined },
    introspectExpiry: async () => undefined,
    random: () => 0.5,
    randomToken: () => 'rehearsal',
    log: { info: silent, warn: silent, error: silent },
    count: silent,
  };
}
