import type { IntrospectExpiry, TokenAnswer } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';

/** A courtesy of the provider: nobody waits for it longer. */
const mostMs = 3000;

/**
 * The answer with the end of its access token as the provider's introspection tells it, where
 * nothing that came with the token did: after what the answer says, before what the definition
 * supposes.
 *
 * @param timeoutMs - at most so long; zero or less asks nobody.
 */
export async function withIntrospectedExpiry(
  { introspectExpiry }: { readonly introspectExpiry: IntrospectExpiry },
  client: Client,
  { answer, timeoutMs = mostMs }: { readonly answer: TokenAnswer; readonly timeoutMs?: number },
): Promise<TokenAnswer> {
  const { expirySource, accessToken } = answer;
  const isTold = expirySource !== 'unknown' && expirySource !== 'default';
  if (isTold || client.definition.introspect === undefined || timeoutMs <= 0) return answer;
  const limitMs = Math.min(timeoutMs, mostMs);
  const expiresAt = await introspectExpiry(client, accessToken, limitMs);
  return expiresAt === undefined ? answer : { ...answer, expiresAt, expirySource: 'introspection' };
}
