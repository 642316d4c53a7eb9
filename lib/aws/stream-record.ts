import type { ReadRecord } from '../broker/publish-events.ts';
import type { ClientImage, ConnectionImage, LiveImage, RowChange } from '../broker/row-change.ts';
import { isFault } from '../fault.ts';
import { type ConnectionKey, isClientName } from '../names.ts';
import { epochSeconds } from '../time.ts';
import { count, instant, type Members, type Named, text, withoutUndefined } from './members.ts';
import { type Item, parseKeyText, parseRow } from './row.ts';
import { connectionState, reauthorizationReason, remindDays, renewalKinds } from './vocabulary.ts';

/** A record of a DynamoDB stream, in DynamoDB's JSON, as far as it is read here. */
export interface StreamRecord {
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    /** Epoch seconds, perhaps with a fraction. */
    readonly ApproximateCreationDateTime?: number;
    readonly Keys?: Item;
    readonly OldImage?: Item;
    readonly NewImage?: Item;
  };
}

/** What a state has to say of itself, since its event promises it. */
const needed: ReadonlyMap<string, readonly string[]> = new Map([
  ['failing', ['failing_since']],
  ['needs_reauth', ['reason', 'needs_reauth_since']],
]);

/** How the row is called in a fault, which never leaves this file. */
const table = 'stream';

/**
 * Reads a record of the table's stream. Of the images only what events are made of is looked at, so
 * a row that is faulty elsewhere is told of all the same.
 *
 * @param record - from our own table, yet somebody may have written a row by hand.
 * @returns what is wrong with it where it cannot be read: one record must not hold up the stream.
 */
export function parseStreamRecord({ dynamodb }: StreamRecord): ReadRecord {
  const { SequenceNumber: position = '', Keys, ...rest } = dynamodb ?? {};
  const named = Keys?.pk?.S;
  const pk = typeof named === 'string' ? named : '';
  const key = parseKeyText(pk);
  const place = { position, ...(key && { key }) };
  const { ApproximateCreationDateTime: at } = rest;
  if (typeof at !== 'number' || !Number.isSafeInteger(Math.floor(at)) || at < 0) {
    return { ...place, problems: ['the record has no time'] };
  }
  try {
    const change = parseChange(pk, key, rest);
    return { position, change, changedAt: epochSeconds(Math.floor(at)) };
  } catch (error) {
    const isNamed = isFault(error) && error.code === 'ROW_INVALID';
    const problems = isNamed ? error.context.problems : ['an image is none of an item'];
    return { ...place, problems };
  }
}

function parseChange(
  pk: string,
  key: ConnectionKey | undefined,
  { OldImage: before, NewImage: after }: NonNullable<StreamRecord['dynamodb']>,
): RowChange {
  const images = <Image>(parse: (item: Item) => Image) => ({
    ...(before && { before: parse(before) }),
    ...(after && { after: parse(after) }),
  });
  if (key) return { row: 'connection', key, ...images(parseConnectionImage) };
  if (isClientName(pk)) return { row: 'client', client: pk, ...images(parseClientImage) };
  return { row: 'other' };
}

function parseConnectionImage(item: Item): ConnectionImage {
  return parseRow<ConnectionImage>(table, item, (members) => {
    for (const name of needed.get(item.state?.S ?? '') ?? []) {
      if (item[name] === undefined) members.refuse(`${name} is missing`);
    }
    const version = {
      fence: members.required('fence', count),
      // Rows of before count none.
      changes: members.optional('changes', count) ?? 0,
    };
    return item.state?.S === 'revoked'
      ? { ...version, state: 'revoked' }
      : withoutUndefined<LiveImage>({ ...version, ...liveMembers(members) });
  });
}

function liveMembers(members: Members): Omit<Named<LiveImage>, 'fence' | 'changes'> {
  return {
    state: members.required('state', connectionState),
    provider: members.required('provider', text),
    committedFence: members.required('committed_fence', count),
    renewal: members.required('renewal', renewalKinds),
    reason: members.optional('reason', reauthorizationReason),
    needsReauthSince: members.optional('needs_reauth_since', instant),
    failingSince: members.optional('failing_since', instant),
    refreshAt: members.optional('refresh_at', instant),
    accessTokenExpiresAt: members.optional('access_token_expires_at', instant),
    renewalEndsAt: members.optional('renewal_ends_at', instant),
    remindDays: members.optional('remind_days', remindDays),
  };
}

function parseClientImage(item: Item): ClientImage {
  return parseRow(table, item, (members) => {
    for (const cause of ['refused', 'changed']) {
      const isDated = item[`${cause}_version`] === undefined || item[`${cause}_at`] !== undefined;
      if (!isDated) members.refuse(`${cause}_at is missing`);
    }
    return withoutUndefined<ClientImage>({
      changes: members.optional('changes', count) ?? 0,
      refusedVersion: members.optional('refused_version', text),
      refusedAt: members.optional('refused_at', instant),
      changedVersion: members.optional('changed_version', text),
      changedAt: members.optional('changed_at', instant),
    });
  });
}
