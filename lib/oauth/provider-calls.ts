import type { Settings } from '../settings.ts';
import type { Clock } from '../time.ts';
import { expiryIntrospector } from './introspect-expiry.ts';
import { providerEndpoints } from './provider-endpoints.ts';
import { tokenRequester } from './request-token.ts';

/** What is asked of providers for the sake of tokens. */
export function providerCalls(
  settings: Settings<'STAGE' | 'ALLOWED_PROVIDER_HOSTS' | 'NODE_TLS_REJECT_UNAUTHORIZED'>,
  clock: Clock,
) {
  const endpoints = providerEndpoints(settings, clock);
  return {
    requestToken: tokenRequester(endpoints),
    introspectExpiry: expiryIntrospector(endpoints),
  };
}
