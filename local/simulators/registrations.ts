import { type DemoClient, demoClients, type VendorName } from './demo-accounts.ts';
import { humanityPaths } from './humanity.ts';
import { hurdlrPaths } from './hurdlr.ts';
import { hurmaPaths } from './hurma.ts';
import { hyperskuPaths } from './hypersku.ts';

/** The simulators' base URLs, without a slash at the end. */
export type SimulatorUrls = Readonly<Record<VendorName, string>>;

/** One registration as it is stored under `evergrant/{stage}/clients/{client}`. */
export interface DemoRegistration {
  readonly provider: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly return_urls: readonly string[];
  readonly provider_overrides: Readonly<Record<string, unknown>>;
}

export interface DemoRegistrationInput {
  readonly urls: SimulatorUrls;
  /** Where the functions are reached, without a slash at the end. */
  readonly publicBaseUrl: string;
  /** The playground's page; by default six ports above `publicBaseUrl`, as the stack has it. */
  readonly playgroundUrl?: string;
}

/**
 * The registrations of the demonstration by the clients' names: the real providers' definitions,
 * pointed at the simulators by `provider_overrides` (RFC 7396) and by nothing else.
 */
export function demoRegistrations({
  urls,
  publicBaseUrl,
  playgroundUrl = sixPortsAbove(publicBaseUrl),
}: DemoRegistrationInput): Readonly<Record<string, DemoRegistration>> {
  const entries = demoClients.map((client) => [
    client.name,
    buildRegistration(client, urls, [`${playgroundUrl}/`]),
  ]);
  return Object.fromEntries(entries);
}

/**
 * What makes the HyperSKU definition refresh at the simulator. Kept apart from the demonstration's
 * registration, since the vendor's refresh endpoint is not public.
 */
export function hyperskuRefreshOverrides(urls: SimulatorUrls): Readonly<Record<string, unknown>> {
  return { grants: { refresh_token: { url: `${urls.hypersku}${hyperskuPaths.refresh}` } } };
}

function buildRegistration(
  { vendor, clientId, clientSecret }: DemoClient,
  urls: SimulatorUrls,
  returnUrls: readonly string[],
): DemoRegistration {
  return {
    provider: vendor,
    client_id: clientId,
    client_secret: clientSecret,
    ...(vendor === 'hurma' ? { params: { company: 'acme' } } : {}),
    return_urls: returnUrls,
    provider_overrides: buildOverrides(vendor, urls[vendor]),
  };
}

function buildOverrides(vendor: VendorName, url: string): Readonly<Record<string, unknown>> {
  switch (vendor) {
    case 'hurma':
      return {
        authorize: { url: `${url}${hurmaPaths.authorize}` },
        token: { url: `${url}${hurmaPaths.token}` },
        api: { base_url: `${url}/api/v3` },
      };
    case 'hurdlr':
      return {
        authorize: { url: `${url}${hurdlrPaths.authorize}` },
        token: { url: `${url}${hurdlrPaths.accountantToken}` },
        api: { base_url: `${url}/rest/v5` },
      };
    case 'humanity':
      return {
        token: { url: `${url}${humanityPaths.token}` },
        api: { base_url: `${url}/api/v2` },
      };
    case 'hypersku':
      return {
        authorize: { url: `${url}${hyperskuPaths.authorize}` },
        token: { url: `${url}${hyperskuPaths.token}` },
        api: { base_url: url },
      };
  }
}

function sixPortsAbove(publicBaseUrl: string): string {
  const url = new URL(publicBaseUrl);
  url.port = String(Number(url.port) + 6);
  return url.origin;
}
