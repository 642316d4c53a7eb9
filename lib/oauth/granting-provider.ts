import type { Clock } from '../time.ts';
import { tokenRequester } from './request-token.ts';
import type { RequestToken } from './token-endpoint.ts';

const body = JSON.stringify({
  access_token: 'made-up-access-token',
  refresh_token: 'made-up-refresh-token',
  token_type: 'Bearer',
  expires_in: 3600,
});

/**
 * A provider that is not there: it grants whatever it is asked for, at once (RFC 6749 §5.1), and
 * nothing is sent. For rehearsals.
 */
export function grantingProvider(clock: Clock): RequestToken {
  const headers = { 'content-type': 'application/json' };
  return tokenRequester({ clock, transport: async () => ({ status: 200, headers, body }) });
}
