/**
 * Keys, sweeps and what stands against retiring a key, in the words of people and of JSON.
 *
 * @module
 */
import type { ResealProgress } from '../../lib/broker/key-ports.ts';
import type { MissingProof } from '../../lib/broker/reseal-all.ts';
import type { RetirementEnding } from '../../lib/broker/retire-key.ts';
import type { ShownKey } from '../../lib/broker/show-keys.ts';
import type { Ending } from '../failure.ts';
import { formatInstant } from './instant.ts';

/** A key as JSON. */
export const keyMessage = ({ ring, keyId, isCurrent, createdAt, unusedSince }: ShownKey) => ({
  ring,
  key: keyId,
  current: isCurrent,
  ...(createdAt !== undefined && { created_at: createdAt }),
  ...(unusedSince !== undefined && { unused_since: unusedSince }),
});

/** A sweep as JSON. */
export const sweepMessage = ({ startedAt, finishedAt, targets, ...counts }: ResealProgress) => ({
  started_at: startedAt,
  ...(finishedAt !== undefined && { finished_at: finishedAt }),
  targets,
  seen: counts.seen,
  resealed: counts.resealed,
  unopened: counts.unopened,
});

/** How far a sweep has come. */
export function sayProgress({
  startedAt,
  finishedAt,
  seen,
  resealed,
  unopened,
}: ResealProgress): string {
  const end = finishedAt === undefined ? 'not finished' : `finished ${formatInstant(finishedAt)}`;
  const counts = `${seen} connections seen, ${resealed} values resealed, ${unopened} that do not open`;
  return `Sweep begun ${formatInstant(startedAt)}, ${end}: ${counts}.`;
}

/** Why older keys are not known to be unused, and what to do. */
export function sayMissing(missing: MissingProof): string {
  switch (missing.missing) {
    case 'time':
      return `Older keys may still be sealed with: run this again after ${formatInstant(missing.from)}.`;
    case 'messages':
      return `${missing.waiting} messages in the recovery and revoke queues may need older keys: run this again when they are through.`;
    case 'values':
      return `${missing.unopened} values do not open; they are named above. Connect those connections again, or delete them.`;
    default:
      return missing satisfies never;
  }
}

/** The same as JSON. */
export function missingMessage(missing: MissingProof) {
  const { missing: what, ...more } = missing;
  return { what, ...more };
}

/** Why a key was not retired; nothing where it was. */
export function refusalOf(
  ending: RetirementEnding,
  key: string,
): { readonly as: Ending; readonly why: string } | undefined {
  switch (ending.outcome) {
    case 'retired':
      return undefined;
    case 'unknown_key':
      return { as: 'unknown', why: `there is no ${key}; look with: evergrant keys show` };
    case 'current_key':
      return { as: 'usage', why: `${key} is the current key; first: evergrant keys rotate` };
    case 'unproven':
      return {
        as: 'later',
        why: `nothing says that ${key} is unused; first: evergrant keys reseal`,
      };
    case 'too_early': {
      const from = formatInstant(ending.from);
      return { as: 'later', why: `backups may need ${key} until ${from}; try again then` };
    }
    case 'in_use': {
      const { sweep } = ending;
      if (sweep.outcome === 'stopped') return { as: 'interrupted', why: 'it was stopped' };
      return { as: 'later', why: sweep.missing.map(sayMissing).join(' ') };
    }
    case 'changed':
      return { as: 'later', why: 'the ring was changed meanwhile' };
    default:
      return ending satisfies never;
  }
}
