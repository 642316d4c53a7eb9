import { createHash } from 'node:crypto';
import { demoClients } from '../simulators/demo-accounts.ts';
import type { SimulatorUrls } from '../simulators/registrations.ts';

/**
 * Ends one access token at the simulated provider that issued it.
 *
 * @returns whether it ended: false for a token of a real provider, or one that has ended before.
 */
export async function expireAtSimulator(
  urls: SimulatorUrls,
  client: string,
  accessToken: string,
): Promise<boolean> {
  const known = demoClients.find(({ name }) => name === client);
  if (!known) return false;
  const response = await fetch(`${urls[known.vendor]}/_control/expire`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      access_token_sha256: createHash('sha256').update(accessToken).digest('hex'),
    }),
  });
  const body: unknown = await response.json();
  return typeof body === 'object' && body !== null && 'expired' in body && body.expired === 1;
}
