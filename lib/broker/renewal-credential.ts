import { Fault } from '../fault.ts';
import { Secret } from '../secret.ts';
import type { RenewalKind } from './ports.ts';

/** Everything a connection can renew itself with, open. Lives in memory only, during a refresh. */
export interface RenewalCredential {
  readonly refreshToken?: Secret<'refresh_token'>;
  /** The resource owner's own credentials, kept because the operator asked for it. */
  readonly resourceOwner?: { readonly username: string; readonly password: Secret<'password'> };
  /** The connection was made with the client's own credentials, and can be made so again. */
  readonly clientCredentials?: boolean;
}

/** What a credential holds, best first. */
export function renewalKinds(credential: RenewalCredential): readonly RenewalKind[] {
  const kinds: RenewalKind[] = [];
  if (credential.refreshToken) kinds.push('refresh_token');
  if (credential.resourceOwner) kinds.push('password');
  if (credential.clientCredentials) kinds.push('client_credentials');
  return kinds;
}

/** The text that is sealed. */
export function writeRenewalCredential(credential: RenewalCredential): string {
  return JSON.stringify({
    refresh_token: credential.refreshToken?.reveal(),
    username: credential.resourceOwner?.username,
    password: credential.resourceOwner?.password.reveal(),
    client_credentials: credential.clientCredentials || undefined,
  });
}

/**
 * Reads what {@link writeRenewalCredential} wrote.
 *
 * @param text - from our own sealed value, so its seal has vouched for it.
 * @throws {Fault} `SEALED_VALUE_INVALID` when it is of an unknown shape.
 */
export function readRenewalCredential(text: string): RenewalCredential {
  const value = parseObject(text);
  const member = (name: string): string | undefined => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === 'string' ? found : undefined;
  };
  const refreshToken = member('refresh_token');
  const username = member('username');
  const password = member('password');
  return {
    ...(refreshToken && { refreshToken: new Secret('refresh_token', refreshToken) }),
    ...(username &&
      password && { resourceOwner: { username, password: new Secret('password', password) } }),
    ...(Reflect.get(value, 'client_credentials') === true && { clientCredentials: true }),
  };
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The parser's own error quotes the text, which is a credential.
  }
  throw new Fault('SEALED_VALUE_INVALID', { purpose: 'renewal', reason: 'malformed' });
}
