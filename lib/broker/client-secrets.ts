/**
 * Two client secrets at a time, so that one can be exchanged for another without an outage; and the
 * end of the older one: once the newer has worked, it is sent no more.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import type { ClientStatus, ClientStore } from './client-ports.ts';
import type { Log } from './ports.ts';

interface Ports {
  readonly clientStatus: Pick<ClientStore, 'read' | 'markProven'>;
}

/** The client without its older secret, if the newer one of this registration has worked. */
export function withoutOlderSecret(client: Client, { provenVersion }: ClientStatus): Client {
  const isOver = provenVersion === client.version;
  return isOver ? { ...client, secrets: client.secrets.slice(0, 1) } : client;
}

/** The same, for whoever has not read the client's status. */
export async function dropOlderSecret({ clientStatus }: Ports, client: Client): Promise<Client> {
  if (client.secrets.length < 2) return client;
  return withoutOlderSecret(client, await clientStatus.read(client.name));
}

/**
 * Whether the newer of a client's two secrets has worked for the first time.
 *
 * Only a grant says so: an error may be told before a secret is looked at.
 *
 * @param client - as it was sent.
 */
export function provesNewerSecret(client: Client, outcome: TokenOutcome): boolean {
  return client.secrets.length > 1 && outcome.outcome === 'granted' && !outcome.byOlderSecret;
}

/** Remembers it, for all functions. Not worth failing for: the next grant says it again. */
export async function noteNewerSecret(
  { clientStatus, log }: Ports & { readonly log: Log },
  client: Client,
): Promise<void> {
  try {
    await clientStatus.markProven(client.name, client.version);
    log.info('older_client_secret_dropped', { client: client.name });
  } catch (error) {
    if (!isFault(error)) throw error;
    log.warn('store_unavailable', { client: client.name, context: error.context });
  }
}

/** After a request: remembers that the newer secret has worked, or says that it is refused. */
export async function followSecrets(
  ports: Ports & { readonly log: Log },
  client: Client,
  outcome: TokenOutcome,
): Promise<void> {
  if (provesNewerSecret(client, outcome)) return noteNewerSecret(ports, client);
  if (outcome.outcome !== 'granted' || !outcome.byOlderSecret) return;
  ports.log.warn('newer_client_secret_refused', {
    client: client.name,
    advice: 'the older secret still works; put the right newer one into the registration',
  });
}
