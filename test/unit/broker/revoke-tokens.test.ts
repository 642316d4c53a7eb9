import { describe, expect, it } from 'vitest';
import type { RevocationMessage } from '../../../lib/broker/queue-ports.ts';
import { writeRevocation } from '../../../lib/broker/revocation.ts';
import { revokeTokens } from '../../../lib/broker/revoke-tokens.ts';
import { parseClientName } from '../../../lib/names.ts';
import type { RevokeToken } from '../../../lib/oauth/token-endpoint.ts';
import { Secret } from '../../../lib/secret.ts';
import { seconds } from '../../../lib/time.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aKey } from '../../support/connections.ts';
import { replaceable, storeDown } from '../../support/flaky.ts';
import { testSealer } from '../../support/key-rings.ts';
import { memoryClientRegistry } from '../../support/memory-client-registry.ts';
import { recordingLog } from '../../support/recording-log.ts';

const revoking = (url = 'https://as.example.com/revoke') =>
  aClient({ definition: aDefinition({ revoke: { url } }) });

function revoker(endings: readonly Awaited<ReturnType<RevokeToken>>[] = ['revoked', 'revoked']) {
  const asked: string[] = [];
  const revokeToken: RevokeToken = async (_client, token) => {
    asked.push(`${token.kind} ${token.reveal()}`);
    return endings[asked.length - 1] ?? 'revoked';
  };
  return {
    asked,
    revokeToken,
    clients: replaceable(memoryClientRegistry(revoking())),
    sealer: replaceable(testSealer()),
    providerTimeoutSeconds: seconds(10),
    log: recordingLog(),
  };
}

async function aMessage(
  tokens = {
    refreshToken: new Secret('refresh_token', 'refresh-1'),
    accessToken: new Secret('access_token', 'access-1'),
  },
): Promise<RevocationMessage> {
  const binding = { ...aKey(), fence: 7 };
  const pins = { clientId: 'client-id', origins: ['https://as.example.com'] };
  const text = writeRevocation({ ...tokens, ...pins });
  return { ...binding, sealed: await testSealer().seal('revocation', binding, text) };
}

it('revokes the refresh token first, since that ends the grant (RFC 7009 §2.1)', async () => {
  const ports = revoker();

  await revokeTokens(ports, await aMessage());

  expect(ports.asked).toEqual(['refresh_token refresh-1', 'access_token access-1']);
});

it('revokes the access token also where the provider refuses to revoke the other', async () => {
  const ports = revoker(['refused', 'revoked']);

  await revokeTokens(ports, await aMessage());

  expect(ports.asked).toHaveLength(2);
  expect(ports.log.lines).toMatchObject([
    { event: 'not_revoked_at_provider', details: { kind: 'refresh_token' } },
    { event: 'token_revoked', details: { kind: 'access_token' } },
  ]);
});

describe('is tried again', () => {
  it('when the provider does not answer', async () => {
    const ports = revoker(['unavailable']);

    await expect(revokeTokens(ports, await aMessage())).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
  });

  it.each(['clients', 'sealer'] as const)('when our %s cannot be read', async (port) => {
    const ports = revoker();
    if (port === 'clients') ports.clients.replace('read', storeDown);
    else ports.sealer.replace('open', storeDown);

    await expect(revokeTokens(ports, await aMessage())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(ports.asked).toEqual([]);
  });
});

describe('is given up, with a line that says so,', () => {
  it('when the registration is gone', async () => {
    const ports = revoker();
    ports.clients.remove(parseClientName('acme'));

    await revokeTokens(ports, await aMessage());

    expect(ports.log.lines).toMatchObject([
      { event: 'not_revoked_at_provider', details: { code: 'UNKNOWN_CLIENT' } },
    ]);
  });

  it('when the message was altered', async () => {
    const ports = revoker();
    const message = await aMessage();

    await revokeTokens(ports, { ...message, fence: 8 });

    expect(ports.asked).toEqual([]);
    expect(ports.log.lines).toMatchObject([{ details: { code: 'SEALED_VALUE_INVALID' } }]);
  });

  it('when the registration leads elsewhere now, and nothing is sent', async () => {
    const ports = revoker();
    ports.clients.put(revoking('https://evil.example/revoke'));

    await revokeTokens(ports, await aMessage());

    expect(ports.asked).toEqual([]);
    expect(ports.log.lines).toMatchObject([{ details: { code: 'CLIENT_CHANGED' } }]);
  });
});

it('says no token in its log', async () => {
  const ports = revoker(['refused', 'revoked']);

  await revokeTokens(ports, await aMessage());

  expect(JSON.stringify(ports.log.lines)).not.toMatch(/refresh-1|access-1/);
});
