import { Fault } from '../fault.ts';
import { Secret } from '../secret.ts';
import type { PinnedClient } from './pinned-client.ts';

/** What is to be revoked, open, and where it may be sent. In memory only while it is sent. */
export interface Revocation extends PinnedClient {
  readonly refreshToken?: Secret<'refresh_token'>;
  readonly accessToken?: Secret<'access_token'>;
}

/** The text that is sealed. The pins go with the tokens: the row that had them is gone by then. */
export function writeRevocation(revocation: Revocation): string {
  return JSON.stringify({
    refresh_token: revocation.refreshToken?.reveal(),
    access_token: revocation.accessToken?.reveal(),
    client_id: revocation.clientId,
    origins: revocation.origins,
  });
}

/**
 * Reads what {@link writeRevocation} wrote.
 *
 * @param text - from our own sealed value, so its seal has vouched for it.
 * @throws {Fault} `SEALED_VALUE_INVALID` when it is of an unknown shape.
 */
export function readRevocation(text: string): Revocation {
  const value: unknown = JSON.parse(text);
  const member = (name: string): unknown => Reflect.get(Object(value), name);
  const clientId = member('client_id');
  const origins = member('origins');
  if (typeof clientId !== 'string' || !Array.isArray(origins)) {
    throw new Fault('SEALED_VALUE_INVALID', { purpose: 'revocation', reason: 'unknown_shape' });
  }
  const refreshToken = member('refresh_token');
  const accessToken = member('access_token');
  return {
    clientId,
    origins: origins.map(String),
    ...(typeof refreshToken === 'string' && {
      refreshToken: new Secret('refresh_token', refreshToken),
    }),
    ...(typeof accessToken === 'string' && {
      accessToken: new Secret('access_token', accessToken),
    }),
  };
}
