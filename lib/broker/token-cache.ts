import { type ConnectionKey, keyText } from '../names.ts';
import type { Secret } from '../secret.ts';
import type { Clock, EpochSeconds } from '../time.ts';
import type { StoredToken, Warning } from './ports.ts';

/** A stored token and its opened value. */
export interface OpenToken {
  readonly token: StoredToken;
  readonly accessToken: Secret<'access_token'>;
  /** The token's name in the log. */
  readonly fingerprint: string;
}

/** The tokens that a warm container remembers, for a moment. */
export interface TokenCache {
  /** Undefined when there is none, or it is older than the limit. */
  read(key: ConnectionKey, clock: Clock): OpenToken | undefined;
  keep(open: OpenToken, clock: Clock): void;
}

/** How long a disconnect may go unnoticed. */
const cacheMs = 30_000;
const mostEntries = 1000;

/** Only healthy tokens are kept: whatever comes with a warning is looked at anew each time. */
export function tokenCache(): TokenCache {
  const entries = new Map<string, { readonly open: OpenToken; readonly keptAt: Kept }>();
  return {
    read: (key, clock) => {
      const entry = entries.get(keyText(key));
      if (!entry) return undefined;
      if (ageMs(entry.keptAt, clock) < cacheMs) return entry.open;
      entries.delete(keyText(key));
      return undefined;
    },
    keep: (open, clock) => {
      const key = keyText(open.token);
      const kept = entries.get(key);
      // Being read from the cache must not make an entry younger.
      if (kept && kept.open.token.fence === open.token.fence) return;
      entries.delete(key);
      if (!isHealthy(open.token)) return;
      if (entries.size >= mostEntries) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      entries.set(key, {
        open,
        keptAt: { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() },
      });
    },
  };
}

interface Kept {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** By the clock that has gone further: the monotonic one may stand still in a frozen container. */
function ageMs(kept: Kept, clock: Clock): number {
  return Math.max(clock.monotonicMs() - kept.monotonicMs, clock.nowMs() - kept.wallMs);
}

/** An end that is announced is no trouble: it may be told from memory. */
function isHealthy({ state, retryAt, warning }: StoredToken): boolean {
  const isTroubled = warning !== undefined && warning.code !== 'renewal_expiring';
  return state === 'active' && retryAt === undefined && !isTroubled;
}

/**
 * The warning that a token is vended with.
 *
 * @param lacking - whether it is less than what the caller asked for.
 */
export function warnOf(
  token: StoredToken,
  { now, lacking }: { readonly now: EpochSeconds; readonly lacking: boolean },
): Warning | undefined {
  const { warning, state, since } = token;
  const isDue = warning && (warning.code !== 'renewal_expiring' || warning.since <= now);
  if (isDue) return warning;
  if (state !== 'active') return { code: 'refresh_failing', since: since ?? now };
  return lacking ? { code: 'outcome_unknown', since: now } : undefined;
}
