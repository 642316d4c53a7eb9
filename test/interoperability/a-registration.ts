import { applyMergePatch, isJsonObject, type JsonObject } from '../../lib/providers/merge-patch.ts';
import type { AuthorizationServer } from './an-authorization-server.ts';

/**
 * What an operator has to write to use this server: its endpoints, and nothing that is not in its
 * documentation.
 *
 * @param patch - what a test has otherwise, merged member by member.
 */
export function aRegistration({ issuer }: AuthorizationServer, patch: JsonObject): JsonObject {
  const registration = {
    provider: 'oauth2',
    scope: 'openid offline_access',
    provider_overrides: {
      authorize: { url: `${issuer}/auth`, issuer, params: { prompt: 'consent' } },
      token: { url: `${issuer}/token` },
      revoke: { url: `${issuer}/token/revocation` },
    },
  };
  const merged = applyMergePatch(registration, patch);
  if (!isJsonObject(merged)) throw new TypeError('a registration is an object');
  return merged;
}
