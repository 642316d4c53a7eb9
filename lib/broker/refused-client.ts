import { isFault } from '../fault.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import type { ClientStatus } from './client-ports.ts';
import { withoutOlderSecret } from './client-secrets.ts';
import { assertPinned } from './pinned-client.ts';
import type { Connection } from './ports.ts';
import { type CallEnding, callProvider, type RenewalPlan } from './refresh-call.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import type { AttemptTime } from './refresh-timing.ts';

interface Call {
  readonly client: Client;
  readonly row: Connection;
  readonly plan: RenewalPlan;
  readonly time: AttemptTime;
}

/**
 * Calls the provider; where it refuses the client and the registration has been written since it was
 * read, once more with what it says now. So a secret that is only remembered counts for nothing.
 *
 * A provider that refuses the client has done nothing with the credential.
 *
 * @returns how it ended, and as which client it was called last.
 */
export async function callAsRegistered(
  ports: RefreshPorts,
  { client, row, plan, time }: Call,
): Promise<{ readonly client: Client; readonly call: CallEnding }> {
  const call = await callProvider(ports, { client, plan, time });
  const isRefused = call.ending === 'called' && call.outcome.outcome === 'client_refused';
  const newer = isRefused ? await readNewer(ports, client, row) : undefined;
  if (!newer) return { client, call };
  return { client: newer, call: await callProvider(ports, { client: newer, plan, time }) };
}

/** The client as registered now, if that is another version that may be used for this connection. */
async function readNewer(
  { clients, clientStatus }: RefreshPorts,
  { name, version }: Client,
  row: Connection,
): Promise<Client | undefined> {
  try {
    const current = await clients.read(name, { fresh: true });
    if (current.version === version) return undefined;
    assertPinned(current, row);
    return withoutOlderSecret(current, await clientStatus.read(name));
  } catch (error) {
    // Then the refusal stands, and the next refresh tells what is wrong with the registration.
    if (!isFault(error)) throw error;
    return undefined;
  }
}

/** Forgets a refusal once the provider has answered a newer registration as a client it knows. */
export async function liftRefusal(
  { clientStatus, log }: RefreshPorts,
  { name }: Client,
  call: { readonly status: ClientStatus; readonly outcome: TokenOutcome },
): Promise<void> {
  const { outcome } = call.outcome;
  const { refusedVersion } = call.status;
  if (refusedVersion === undefined) return;
  if (outcome !== 'granted' && outcome !== 'grant_refused') return;
  try {
    await clientStatus.clearRefused(name, refusedVersion);
  } catch (error) {
    // The next refresh lifts it.
    if (!isFault(error)) throw error;
    log.warn('store_unavailable', { client: name, context: error.context });
  }
}
