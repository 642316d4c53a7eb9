import type { Client } from './client.ts';

/**
 * Says what an operator has to set, and where, and which page may tell the value.
 *
 * @param members - paths within a definition, such as `authorize.url`.
 */
export function adviseOverride(client: Client, members: readonly string[]): string {
  const { title, documentation } = client.definition;
  const paths = members.map((member) => `provider_overrides.${member}`).join(' and ');
  return `set ${paths} in the secret evergrant/{stage}/clients/${client.name}; ${title}: see ${documentation}`;
}
