import { Fault, isFault } from '../fault.ts';
import { keyText } from '../names.ts';
import type { RevokeToken } from '../oauth/token-endpoint.ts';
import type { Seconds } from '../time.ts';
import { assertPinned } from './pinned-client.ts';
import type { ClientRegistry, Log, Sealer } from './ports.ts';
import type { RevocationMessage } from './queue-ports.ts';
import { readRevocation } from './revocation.ts';

interface Ports {
  readonly clients: ClientRegistry;
  readonly sealer: Sealer;
  readonly revokeToken: RevokeToken;
  readonly providerTimeoutSeconds: Seconds;
  readonly log: Log;
}

const advice = 'revoke at the provider by hand';

/**
 * Revokes what a deleted connection held: the refresh token first, since that ends the grant
 * (RFC 7009 §2.1), then the access token. A registration that changed since is sent neither.
 *
 * @throws {Fault} `PROVIDER_UNAVAILABLE` or `STORE_UNAVAILABLE`: to be tried again.
 */
export async function revokeTokens(ports: Ports, message: RevocationMessage): Promise<void> {
  const { client: name, connection, fence, sealed } = message;
  const binding = { client: name, connection, fence };
  try {
    const client = await ports.clients.read(name);
    const revocation = readRevocation(await ports.sealer.open('revocation', binding, sealed));
    assertPinned(client, revocation);
    for (const token of [revocation.refreshToken, revocation.accessToken]) {
      if (!token) continue;
      const outcome = await ports.revokeToken(client, token, ports.providerTimeoutSeconds * 1000);
      if (outcome === 'unavailable') {
        throw new Fault('PROVIDER_UNAVAILABLE', { client: name, trouble: 'network' });
      }
      const about = { connection: keyText(message), kind: token.kind };
      if (outcome === 'refused') ports.log.error('not_revoked_at_provider', { ...about, advice });
      else ports.log.info('token_revoked', { ...about, outcome });
    }
  } catch (error) {
    if (!isFault(error) || isWorthAnotherTry(error.code)) throw error;
    ports.log.error('not_revoked_at_provider', {
      connection: keyText(message),
      code: error.code,
      advice,
    });
  }
}

function isWorthAnotherTry(code: string): boolean {
  return code === 'PROVIDER_UNAVAILABLE' || code === 'STORE_UNAVAILABLE';
}
