/**
 * What the playground offers to connect, and which resource of each API it can call.
 *
 * @module
 */
import { demoClients, type VendorName } from '../simulators/demo-accounts.ts';
import { humanityPaths } from '../simulators/humanity.ts';
import { hurdlrPaths } from '../simulators/hurdlr.ts';
import { hurmaPaths } from '../simulators/hurma.ts';
import { hyperskuPaths } from '../simulators/hypersku.ts';

/** A way to connect without a consent page. */
export type DirectGrant = 'password' | 'client_credentials';

export interface DemoCard {
  readonly client: string;
  readonly vendor: VendorName;
  /** Two letters that tell the providers apart at a glance. */
  readonly mark: string;
  readonly title: string;
  readonly text: string;
  /** Whether a person can be sent to the provider. */
  readonly redirect: boolean;
  readonly direct?: DirectGrant;
}

export const demoCards: readonly DemoCard[] = [
  {
    client: 'hurma-acme',
    vendor: 'hurma',
    mark: 'Hu',
    title: 'HURMA',
    text: 'A person signs in and allows. Each refresh replaces both tokens at once.',
    redirect: true,
  },
  {
    client: 'hurdlr-acme',
    vendor: 'hurdlr',
    mark: 'Hd',
    title: 'Hurdlr',
    text: 'A person signs in, or a user id alone is enough. Tokens live for 90 days.',
    redirect: true,
    direct: 'client_credentials',
  },
  {
    client: 'hypersku-acme',
    vendor: 'hypersku',
    mark: 'Hs',
    title: 'HyperSKU',
    text: 'JSON both ways. Where its tokens are refreshed is not public: it asks for consent again.',
    redirect: true,
  },
  {
    client: 'humanity-acme',
    vendor: 'humanity',
    mark: 'Hm',
    title: 'Humanity',
    text: 'User name and password, once. From then on the refresh token does the work.',
    redirect: false,
    direct: 'password',
  },
  {
    client: 'hurma-acme-password',
    vendor: 'hurma',
    mark: 'Hu',
    title: 'HURMA, password',
    text: 'A client for machines. It gets no refresh token, so retaining the password keeps it alive.',
    redirect: false,
    direct: 'password',
  },
];

/** The path of one resource below the API's origin, by the provider's name. */
const resources: Readonly<Record<string, string>> = {
  hurma: hurmaPaths.users,
  hurdlr: hurdlrPaths.accountants,
  humanity: humanityPaths.me,
  hypersku: hyperskuPaths.countries,
};

/**
 * What of a provider's API is called to show that a token works.
 *
 * @param apiBaseUrl - as vended; of a provider that is not one of the four it is called itself.
 */
export function demoResource(client: string, apiBaseUrl: string): string {
  const vendor = demoClients.find(({ name }) => name === client)?.vendor ?? '';
  const path = Object.hasOwn(resources, vendor) ? resources[vendor] : undefined;
  return path === undefined ? apiBaseUrl : new URL(path, apiBaseUrl).href;
}
