/**
 * Names that belong to no connection: how often `refresh` is asked about them.
 *
 * A connection that has a token is asked about under a claim in its row. A name without a row has
 * nothing to claim, and whoever may vend `acme/*` can make up any number of them; each would hold
 * one of the few executions that `refresh` has.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import type { Clock } from '../time.ts';
import type { RefreshReply } from './ports.ts';

/** What a warm container has heard of names without a row. Asked only after a consistent read. */
export interface UnknownConnections {
  /**
   * Counts one question to `refresh`.
   *
   * @throws {Fault} `UNKNOWN_CLIENT` or `UNKNOWN_CONNECTION` when that was the answer a moment ago,
   *   or when too many names were asked about: there is no row, which says the same.
   */
  assertWorthAsking(key: ConnectionKey, clock: Clock): void;
  /** Remembers the answer. A question about a connection that exists does not count. */
  keep(key: ConnectionKey, outcome: RefreshReply['outcome']): void;
}

/** How long an answer is remembered, and in which time no more than so many questions are asked. */
const rememberedMs = 30_000;
const mostQuestions = 5;

interface Question extends ConnectionKey {
  readonly askedAtMs: number;
  /** Undefined until there is an answer. */
  readonly outcome?: RefreshReply['outcome'];
}

/** A container's memory of at most five questions. */
export function unknownConnections(): UnknownConnections {
  let recent: readonly Question[] = [];
  const isAbout = (key: ConnectionKey) => (question: Question) =>
    question.client === key.client && question.connection === key.connection;

  return {
    assertWorthAsking: ({ client, connection }, clock) => {
      const nowMs = clock.monotonicMs();
      recent = recent.filter(({ askedAtMs }) => nowMs - askedAtMs < rememberedMs);
      if (recent.some((known) => known.client === client && known.outcome === 'unknown_client')) {
        throw new Fault('UNKNOWN_CLIENT', { client });
      }
      const same = recent.filter(isAbout({ client, connection }));
      const isAnswered = same.some(({ outcome }) => outcome === 'unknown_connection');
      const isOneTooMany = recent.length >= mostQuestions && same.length === 0;
      if (isAnswered || isOneTooMany) throw new Fault('UNKNOWN_CONNECTION', { client, connection });
      recent = [
        ...recent.filter((each) => !same.includes(each)),
        { client, connection, askedAtMs: nowMs },
      ];
    },
    keep: (key, outcome) => {
      const isUnknown = outcome === 'unknown_client' || outcome === 'unknown_connection';
      recent = recent.flatMap((each) => {
        if (!isAbout(key)(each)) return [each];
        return isUnknown ? [{ ...each, outcome }] : [];
      });
    },
  };
}
