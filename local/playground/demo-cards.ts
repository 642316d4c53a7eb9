/**
 * What the playground offers to connect, and which resource of each API it can call.
 *
 * @module
 */

import type { Definition } from '../../lib/providers/definition.ts';
import { offersGrant } from '../../lib/providers/params.ts';
import type { DefinedProvider } from '../simulators/defined/defined-provider.ts';
import { demoAccounts, demoClients } from '../simulators/demo-accounts.ts';
import { humanityPaths } from '../simulators/humanity.ts';
import { hurdlrPaths } from '../simulators/hurdlr.ts';
import { hurmaPaths } from '../simulators/hurma.ts';
import { hyperskuPaths } from '../simulators/hypersku.ts';

/** A way to connect without a consent page. */
export type DirectGrant = 'password' | 'client_credentials';

/** A param that a connection is made with, as the page asks for it. */
export interface CardParam {
  readonly name: string;
  readonly label: string;
  readonly preset: string;
}

export interface DemoCard {
  readonly client: string;
  readonly vendor: string;
  /** Two letters that tell the providers apart at a glance. */
  readonly mark: string;
  readonly title: string;
  readonly text: string;
  /** Whether a person can be sent to the provider. */
  readonly redirect: boolean;
  readonly direct?: DirectGrant;
  readonly params?: readonly CardParam[];
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
    params: [{ name: 'userId', label: 'User id', preset: demoAccounts[0].id }],
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

/** The card of a provider that is simulated from its definition. */
export function definedCard({ client, name }: DefinedProvider): DemoCard {
  const { definition } = client;
  const { title, authorize, grants } = definition;
  const isRedirect = Boolean(authorize?.url) && offersGrant(client, 'authorization_code');
  const direct = (['password', 'client_credentials'] as const).find((grant) =>
    offersGrant(client, grant),
  );
  return {
    client: client.name,
    vendor: name,
    mark: title.slice(0, 2),
    title,
    text: `Simulated from lib/providers/${name}.json. ${grants.refresh_token ? 'Its tokens are refreshed.' : 'It has no refresh tokens.'}`,
    redirect: isRedirect,
    ...(direct && { direct }),
    params: listParams(definition),
  };
}

function listParams({ params }: Definition): readonly CardParam[] {
  return Object.entries(params).flatMap(([name, { of, description, default: preset, choices }]) => {
    if (of !== 'connection') return [];
    const [choice] = Object.keys(choices ?? {});
    return [{ name, label: description, preset: preset ?? choice ?? demoAccounts[0].id }];
  });
}

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
