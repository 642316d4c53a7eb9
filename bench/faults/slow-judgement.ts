import type { Expectation } from './experiment.ts';
import type { countFates, judgeCalls } from './fates.ts';
import type { SlowVariant } from './slow-provider.ts';

/** What came of the connections of a slow provider. */
export interface SlowFigures
  extends SlowVariant,
    ReturnType<typeof countFates>,
    ReturnType<typeof judgeCalls> {
  readonly during: Readonly<Record<string, number>>;
  readonly sent_again_too_early: number;
  readonly improper_answers_during: number;
  readonly families_revoked: number;
}

/**
 * A slow provider must not cost a connection. One thing is beyond any broker: who hangs up on a
 * provider that has already replaced the refresh token has lost it. With the settings as shipped, and
 * with more patient ones, that is not expected of any of these.
 */
export function judge(figures: SlowFigures): {
  readonly gives: string;
  readonly expectations: readonly Expectation[];
} {
  const { client } = figures;
  return {
    gives: describe(figures),
    expectations: [
      {
        expected: `${client}: no refresh token is sent again while the first is undecided`,
        holds: figures.sent_again_while_undecided + figures.sent_again_too_early === 0,
      },
      expectEnd(figures),
      {
        expected: `${client}: every caller is answered in its time`,
        holds: figures.callers_left_hanging + figures.improper_answers_during === 0,
      },
    ],
  };
}

function expectEnd(figures: SlowFigures): Expectation {
  const { client, latency, timeout, replaces, settings, connections } = figures;
  const isLost = latency > timeout && replaces === 'on_arrival';
  if (isLost && (settings === 'for quick' || settings === 'less patient')) {
    return {
      expected: `${client}: every connection is told to be lost, as answer_lost`,
      holds: figures.lost_named_answer_lost === connections && figures.lost_falsely === 0,
    };
  }
  return {
    expected: `${client}: every connection is alive afterwards, no family revoked`,
    holds: figures.alive === connections && figures.families_revoked === 0,
  };
}

function describe(figures: SlowFigures): string {
  const { latency, timeout, settings, connections, alive, lost, replaces } = figures;
  const waited = `settings ${settings}: ${timeout} s are waited of the ${latency} s`;
  const provider =
    replaces === 'if_heard'
      ? 'the provider replaces the token only if it is still heard'
      : 'the provider replaces the token at once';
  const end = `${alive} of ${connections} alive, ${lost} lost, ${figures.families_revoked} families revoked`;
  return `${waited}; ${provider}; ${end}`;
}
