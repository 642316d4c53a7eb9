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
  const value = parseJson(text);
  const member = (name: string): unknown => Reflect.get(Object(value), name);
  const clientId = member('client_id');
  const origins = member('origins');
  if (typeof clientId !== 'string' || !isTexts(origins)) {
    throw new Fault('SEALED_VALUE_INVALID', { purpose: 'revocation', reason: 'unknown_shape' });
  }
  const refreshToken = member('refresh_token');
  const accessToken = member('access_token');
  return {
    clientId,
    origins,
    ...(typeof refreshToken === 'string' && {
      refreshToken: new Secret('refresh_token', refreshToken),
    }),
    ...(typeof accessToken === 'string' && {
      accessToken: new Secret('access_token', accessToken),
    }),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which holds tokens.
    return undefined;
  }
}
