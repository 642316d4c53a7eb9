import type {
  RecoveryMessage,
  RecoveryQueue,
  RefreshMessage,
  RefreshQueue,
  RevocationMessage,
  RevocationQueue,
} from '../../lib/broker/queue-ports.ts';
import { keyText } from '../../lib/names.ts';

/** A message as it was sent. */
export type SentRefresh = RefreshMessage & { readonly lane: number };

/** A `RefreshQueue` that keeps what it is sent, each connection and schedule once. */
export function memoryRefreshQueue(): RefreshQueue & { readonly sent: readonly SentRefresh[] } {
  const sent: SentRefresh[] = [];
  const known = new Set<string>();
  return {
    sent,
    send: async (messages) => {
      for (const message of messages) {
        const id = `${keyText(message)} ${message.refreshAt}`;
        if (!known.has(id)) sent.push(message);
        known.add(id);
      }
    },
  };
}

/** A `RecoveryQueue` that keeps what it is sent. */
export function memoryRecoveryQueue(): RecoveryQueue & {
  readonly sent: readonly RecoveryMessage[];
} {
  const sent: RecoveryMessage[] = [];
  return {
    sent,
    send: async (message) => {
      sent.push(message);
    },
  };
}

/** A `RevocationQueue` that keeps what it is sent. */
export function memoryRevocationQueue(): RevocationQueue & {
  readonly sent: readonly RevocationMessage[];
} {
  const sent: RevocationMessage[] = [];
  return {
    sent,
    send: async (message) => {
      sent.push(message);
    },
  };
}
