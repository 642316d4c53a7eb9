import { createHash } from 'node:crypto';
import { demoClients } from '../simulators/demo-accounts.ts';
import type { ProviderUrls } from '../stack-parts.ts';

/**
 * Ends one access token at the simulated provider that issued it.
 *
 * @returns whether it ended: false for a token of a real provider, or one that has ended before.
 */
export async function expireAtSimulator(
  urls: ProviderUrls,
  client: string,
  accessToken: string,
): Promise<boolean> {
  const vendor = demoClients.find(({ name }) => name === client)?.vendor;
  const url = urls[vendor ?? client.replace(/-acme$/, '')];
  if (url === undefined) return false;
  const response = await fetch(`${url}/_control/expire`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      access_token_sha256: createHash('sha256').update(accessToken).digest('hex'),
    }),
  });
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'expired' in body && body.expired === 1;
}
