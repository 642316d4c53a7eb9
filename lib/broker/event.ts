/**
 * Events, as they stand on the bus. Their JSON is the interface: docs/events has a schema of each.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type ConnectionKey, keyText } from '../names.ts';
import type { EpochSeconds } from '../time.ts';
import { type Happened, type Happening, readHappening } from './happening.ts';
import type { RenewalKind } from './ports.ts';
import type { RowChange } from './row-change.ts';

export type EventType = Happening['type'];

/** Of the JSON of all events. It changes when a member changes its meaning or is no longer there. */
const schemaVersion = 1;

/** One event, whole. */
export interface BrokerEvent {
  readonly type: EventType;
  readonly occurredAt: EpochSeconds;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A change of a row, and when the table took it. */
export interface DatedChange {
  readonly change: RowChange;
  readonly changedAt: EpochSeconds;
}

/**
 * The event that a change means; undefined where it means none. The same change makes the same
 * event to the last byte, its id included.
 *
 * @param publicBaseUrl - our own origin, for the hint how to connect again.
 */
export function buildEvent(
  { change, changedAt }: DatedChange,
  publicBaseUrl: string,
): BrokerEvent | undefined {
  const happened = readHappening(change);
  if (!happened || change.row === 'other') return undefined;
  const { happening, sequence, provider } = happened;
  const isConnection = change.row === 'connection';
  const subject = isConnection ? keyText(change.key) : change.client;
  const address = isConnection
    ? { client: change.key.client, connection: change.key.connection }
    : { client: change.client };
  const hint = isConnection
    ? (renewal: readonly RenewalKind[]) => reconnect(change.key, renewal, publicBaseUrl)
    : () => undefined;
  return {
    type: happening.type,
    occurredAt: changedAt,
    detail: present({
      schema_version: schemaVersion,
      id: eventId(subject, happened, changedAt),
      sequence,
      occurred_at: changedAt,
      ...address,
      provider,
      ...members(happening, hint),
    }),
  };
}

/** Names the event: equal for the same one delivered again, and for no other. */
function eventId(subject: string, { happening, sequence }: Happened, at: EpochSeconds): string {
  const name = `${subject} ${sequence} ${happening.type} ${at}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

function members(
  happening: Happening,
  hint: (renewal: readonly RenewalKind[]) => object | undefined,
): object {
  switch (happening.type) {
    case 'connection.connected':
      return { reconnected: happening.isReconnect };
    case 'connection.refresh_failing':
      return {
        since: happening.since,
        next_try_at: happening.nextTryAt,
        access_token_expires_at: happening.accessTokenExpiresAt,
      };
    case 'connection.recovered':
      return { previous_state: happening.previousState, since: happening.since };
    case 'connection.reauthorization_required':
      return {
        reason: happening.reason,
        since: happening.since,
        reconnect: hint(happening.renewal),
      };
    case 'connection.expiring_soon':
      return {
        days: happening.days,
        ends_at: happening.endsAt,
        reconnect: hint(happening.renewal),
      };
    case 'connection.revoked':
      return {};
    case 'client.refused':
    case 'client.changed':
      return { since: happening.since };
    default:
      return happening satisfies never;
  }
}

/** Which request connects it again: as it was connected, as far as what it held shows that. */
function reconnect(
  { client, connection }: ConnectionKey,
  renewal: readonly RenewalKind[],
  baseUrl: string,
): object {
  const isDirect = renewal.includes('password') || renewal.includes('client_credentials');
  return isDirect
    ? { method: 'PUT', url: `${baseUrl}/connections/${client}/${connection}` }
    : {
        method: 'POST',
        url: `${baseUrl}/connect-sessions`,
        body: { client, connection },
      };
}

function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
