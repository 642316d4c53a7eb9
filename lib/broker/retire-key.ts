import { type EpochSeconds, later, seconds } from '../time.ts';
import type { KeyRingName, KeyRingStore } from './key-ports.ts';
import {
  type ResealEnding,
  type ResealPorts,
  type ResealRequest,
  resealAll,
} from './reseal-all.ts';

interface Ports extends ResealPorts {
  readonly rings: KeyRingStore;
}

export interface Retirement extends Omit<ResealRequest, 'anew'> {
  readonly ring: KeyRingName;
  readonly keyId: string;
  /** Although backups of the last 35 days may need the key: for one that has leaked. */
  readonly despiteBackups: boolean;
}

export type RetirementEnding =
  | { readonly outcome: 'retired' }
  | { readonly outcome: 'unknown_key' }
  /** It seals what is new; rotate the ring first. */
  | { readonly outcome: 'current_key' }
  /** No sweep has proven yet that nothing uses it. */
  | { readonly outcome: 'unproven' }
  /** A backup may need it until then. */
  | { readonly outcome: 'too_early'; readonly from: EpochSeconds }
  /** The sweep that was to prove it once more was stopped, or did not prove it. */
  | { readonly outcome: 'in_use'; readonly sweep: ResealEnding }
  /** Somebody else changed the ring meanwhile. */
  | { readonly outcome: 'changed' };

/** As far back as point-in-time recovery goes. */
const backupSeconds = seconds(35 * 24 * 3600);

/**
 * Takes a key out of its ring, for good: once nothing is sealed with it any more, and no backup from
 * the time when something was is kept any more.
 *
 * A whole sweep goes before it, whatever was proven earlier.
 *
 * @throws {Fault} `STORE_UNAVAILABLE`, `KEY_RING_INVALID`
 */
export async function retireKey(ports: Ports, request: Retirement): Promise<RetirementEnding> {
  const { ring, keyId, despiteBackups } = request;
  const { keyIds, currentKeyId } = await ports.rings.read(ring);
  if (!keyIds.includes(keyId)) return { outcome: 'unknown_key' };
  if (keyId === currentKeyId) return { outcome: 'current_key' };
  const refusal = despiteBackups ? undefined : await refuseForBackups(ports, request);
  if (refusal) return refusal;
  const sweep = await resealAll(ports, { ...request, anew: true });
  if (sweep.outcome === 'stopped' || sweep.missing.length > 0) return { outcome: 'in_use', sweep };
  // The sweep may have found it in use: then it is unused only since just now.
  const lateRefusal = despiteBackups ? undefined : await refuseForBackups(ports, request);
  if (lateRefusal) return lateRefusal;
  const seen = await ports.rings.read(ring);
  if (seen.currentKeyId !== currentKeyId || !seen.keyIds.includes(keyId)) {
    return { outcome: 'changed' };
  }
  const removed = await ports.rings.removeKey(seen, keyId);
  return { outcome: removed === 'done' ? 'retired' : 'changed' };
}

async function refuseForBackups(
  { records, clock }: Ports,
  { ring, keyId }: Retirement,
): Promise<RetirementEnding | undefined> {
  const { unusedSince } = await records.read(ring, keyId);
  if (unusedSince === undefined) return { outcome: 'unproven' };
  const from = later(unusedSince, backupSeconds);
  return from > clock.now() ? { outcome: 'too_early', from } : undefined;
}
