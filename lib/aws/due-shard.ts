import { createHash } from 'node:crypto';
import { type ConnectionKey, keyText } from '../names.ts';
import type { EpochSeconds } from '../time.ts';

/**
 * The partition of the index `due` that a connection belongs to.
 *
 * One partition takes 1,000 writes a second; the hash spreads connections evenly over several.
 *
 * @param shards - how many there are, at least 1. May grow: a connection moves with the next
 *   write of its schedule. Made smaller, it hides the connections that have not moved yet.
 * @returns from 0 up to, not including, `shards`.
 */
export function dueShard(key: ConnectionKey, shards: number): number {
  return createHash('sha256').update(keyText(key)).digest().readUInt32BE(0) % shards;
}

/**
 * The attributes that put a connection into the index `due`, or take it out.
 *
 * @param refreshAt - undefined: not refreshed by schedule, so not in the index.
 */
export function scheduleAt(
  key: ConnectionKey,
  refreshAt: EpochSeconds | undefined,
  shards: number,
) {
  return { refresh_at: refreshAt, shard: dueShard(key, shards) };
}
