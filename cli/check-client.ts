/**
 * Whether a registration can do what it is for, as far as that shows without sending the provider
 * anything.
 *
 * @module
 */

import { pinClient } from '../lib/broker/pinned-client.ts';
import { isPinnedTo } from '../lib/broker/repin-connection.ts';
import { isFault } from '../lib/fault.ts';
import {
  type AddressPolicy,
  type LookupAddresses,
  resolveProviderAddresses,
} from '../lib/oauth/provider-address.ts';
import { TransportError } from '../lib/oauth/transport.ts';
import type { Client } from '../lib/providers/client.ts';
import { fillTemplate } from '../lib/providers/params.ts';
import { listTemplates } from '../lib/providers/templates.ts';
import { listUnset, pkceOptOut } from './definition-report.ts';
import type { Stores } from './stores.ts';

/** One thing that was found. `wrong` things are to be mended; `unset` ones may be. */
export interface Finding {
  readonly level: 'wrong' | 'unset' | 'note';
  readonly about: string;
  readonly what: string;
  /** The command, the member or the page that helps. */
  readonly mend?: string;
}

/** What the definition leaves unset, and which page of the vendor may tell it. */
export function findUnset({ definition }: Client): readonly Finding[] {
  const optOut = pkceOptOut(definition);
  return [
    ...(optOut
      ? [
          {
            level: 'note' as const,
            about: 'authorize.pkce',
            what: optOut,
            mend: `set provider_overrides.authorize.pkce to true if ${definition.title} takes it`,
          },
        ]
      : []),
    ...listUnset(definition).map(({ member, meaning }) => ({
      level: 'unset' as const,
      about: member,
      what: meaning,
      mend: `see ${definition.documentation}, set provider_overrides.${member}`,
    })),
  ];
}

/** Whether every host resolves, and those that we call to addresses that may be called. */
export async function findHosts(
  client: Client,
  policy: AddressPolicy,
  lookup?: LookupAddresses,
): Promise<readonly Finding[]> {
  const urls = listTemplates(client.definition).filter(({ kind }) => kind === 'url');
  const findings = urls.map(async ({ place, part, text }): Promise<readonly Finding[]> => {
    const url = new URL(fillTemplate(client, {}, text));
    try {
      await resolveProviderAddresses(url, policy, lookup);
      return [];
    } catch (error) {
      const trouble = error instanceof TransportError ? error.trouble : 'network';
      // A browser, or a caller, goes there; it may reach what our functions may not.
      const isCalled = part !== 'authorize' && part !== 'api';
      if (trouble === 'address_refused' && !isCalled) return [];
      return [
        {
          level: 'wrong',
          about: place,
          what: `${url.hostname} ${troubles[trouble] ?? 'does not resolve'}`,
          mend: hostAdvice[trouble] ?? `correct params or provider_overrides.${place}`,
        },
      ];
    }
  });
  return (await Promise.all(findings)).flat();
}

const troubles: Readonly<Record<string, string>> = {
  address_refused: 'resolves to an address that is not public: it is sent nothing',
};
const hostAdvice: Readonly<Record<string, string>> = {
  address_refused: 'deploy with allowedProviderHosts if it is meant to be inside the VPC',
};

/** Whether the provider has refused this very registration. */
export async function findRefusal(
  { clientStatus }: Pick<Stores, 'clientStatus'>,
  client: Client,
): Promise<readonly Finding[]> {
  try {
    const { refusedVersion } = await clientStatus.read(client.name);
    if (refusedVersion === undefined || refusedVersion !== client.version) return [];
    const what = 'the provider refuses client_id or client_secret; its refreshes are stopped';
    const mend = `evergrant clients put ${client.name}, with the right ones`;
    return [{ level: 'wrong', about: 'client_secret', what, mend }];
  } catch (error) {
    return [unknown('the table of connections', error)];
  }
}

/** How many connections are looked at: what holds for one of a client mostly holds for all. */
const sample = 100;

/** Whether its connections were made with this client id and these origins. */
export async function findPins(
  { connections }: Pick<Stores, 'connections'>,
  client: Client,
): Promise<readonly Finding[]> {
  try {
    const page = await connections.listByClient({ client: client.name, limit: sample });
    const now = pinClient(client);
    const others = page.connections.filter((each) => !isPinnedTo(each, now)).length;
    if (others === 0) return [];
    const of = page.cursor === undefined ? page.connections.length : `the first ${sample}`;
    const what = `${others} of ${of} connections were made with another client_id or origin`;
    const mend = `evergrant clients repin ${client.name}, if the change is yours`;
    return [{ level: 'wrong', about: 'client_id', what, mend }];
  } catch (error) {
    return [unknown('the table of connections', error)];
  }
}

function unknown(about: string, error: unknown): Finding {
  if (!isFault(error)) throw error;
  const what = `could not be read: ${error.code} ${JSON.stringify(error.context)}`;
  return { level: 'note', about, what, mend: 'evergrant doctor' };
}
