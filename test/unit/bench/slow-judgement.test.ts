import { describe, expect, it } from 'vitest';
import { judge, type SlowFigures } from '../../../bench/faults/slow-judgement.ts';

const figures: SlowFigures = {
  ...{ client: 'slow', settings: 'as shipped', latency: 40, replaces: 'on_arrival' },
  ...{ timeout: 45, write: 5, lease: 60, invocation: 90, during: {} },
  ...{ provider_calls: 5, sent_again: 0, sent_again_while_undecided: 0, sent_again_too_early: 0 },
  ...{ connections: 5, alive: 5, lost: 0, lost_named_answer_lost: 0, lost_falsely: 0 },
  ...{ unsettled: 0, callers_left_hanging: 0, improper_answers_during: 0, families_revoked: 0 },
};

const lost = { alive: 0, lost: 5, lost_named_answer_lost: 5, families_revoked: 5 };

const failures = (changed: Partial<SlowFigures>) =>
  judge({ ...figures, ...changed })
    .expectations.filter(({ holds }) => !holds)
    .map(({ expected }) => expected);

describe('a slow provider', () => {
  it('costs no connection', () => {
    expect(failures({})).toEqual([]);
    expect(failures({ alive: 4, unsettled: 1 })).toHaveLength(1);
    expect(failures({ families_revoked: 1 })).toHaveLength(1);
  });

  it('costs none with the settings as shipped, even if they hang up on it', () => {
    expect(failures({ ...lost, timeout: 10 })).toEqual([
      'slow: every connection is alive afterwards, no family revoked',
    ]);
  });

  it('may cost those that less patient settings hang up on, if that is told as answer_lost', () => {
    const impatient = { ...lost, timeout: 10, settings: 'less patient' } as const;

    expect(failures(impatient)).toEqual([]);
    expect(failures({ ...impatient, lost_named_answer_lost: 4 })).toHaveLength(1);
    expect(failures({ ...impatient, lost_falsely: 1 })).toHaveLength(1);
    expect(failures({ ...impatient, replaces: 'if_heard' })).toHaveLength(1);
  });

  it('is sent no refresh token again while the first is undecided, and no caller hangs', () => {
    expect(failures({ sent_again_while_undecided: 1 })).toHaveLength(1);
    expect(failures({ sent_again_too_early: 1 })).toHaveLength(1);
    expect(failures({ callers_left_hanging: 1 })).toHaveLength(1);
    expect(failures({ improper_answers_during: 1 })).toHaveLength(1);
  });
});
