/** The borders of doubt: when a refresh token whose fate is unknown may be sent again. */
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../lib/broker/ports.ts';
import { planRetry, undecidedUntil } from '../../../lib/broker/refresh-retry.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import type { EpochSeconds } from '../../../lib/time.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aConnection, at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { timing } from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

const aClientOf = (rotation: DefinitionInput['rotation'] = 'strict') =>
  aClient({ definition: aDefinition({ rotation }) });
const portsAt = (now: EpochSeconds, random = 0.5) => ({
  timing,
  clock: movingClock(now),
  random: () => random,
});
const intent = { fence: 2, at: at(1000), credentialFence: 1 };
const ended = { accessTokenExpiresAt: at(0) };

/** The lease of an attempt at 1000 ends at 1030; its answer may come round for 120 s after that. */
function doubtOf(row: Partial<Connection>, now: EpochSeconds): number {
  return undecidedUntil(portsAt(now), aClientOf(), aConnection({ intent, ...ended, ...row }));
}

describe('a refresh token in doubt', () => {
  it.each([
    ['where the next try was set before the lease’s end', 1029],
    ['where it was set for the very end', 1030],
    ['where the attempt itself has set it', 1036],
  ])('waits for the recovery queue from now on, %s', (_, refreshAt) => {
    expect(doubtOf({ refreshAt: at(refreshAt) }, at(2000))).toBe(at(2120));
  });

  it('waits for it from now on where there is no next try', () => {
    const row = without(aConnection({ intent, ...ended }), 'refreshAt');

    expect(undecidedUntil(portsAt(at(2000)), aClientOf(), row)).toBe(at(2120));
  });

  it('waits for it from the lease’s end on while the lease lasts', () => {
    expect(doubtOf({ refreshAt: at(900) }, at(1010))).toBe(at(1150));
  });

  it('waits no longer than set once somebody has seen the doubt', () => {
    expect(doubtOf({ refreshAt: at(1037) }, at(2000))).toBe(at(1150));
    expect(doubtOf({ refreshAt: at(1151) }, at(2000))).toBe(at(1151));
  });

  it('waits as long as the access token serves, and no longer where its end is unknown', () => {
    const row = without(aConnection({ intent, refreshAt: at(1037) }), 'accessTokenExpiresAt');

    expect(doubtOf({ refreshAt: at(1037), accessTokenExpiresAt: at(5000) }, at(2000))).toBe(
      at(4940),
    );
    expect(undecidedUntil(portsAt(at(2000)), aClientOf(), row)).toBe(at(1150));
  });
});

describe('the next try', () => {
  const graceful = aClientOf({ grace_seconds: 40 });
  const plan = (now: EpochSeconds, failures = 3) =>
    planRetry(portsAt(now), graceful, { row: aConnection({ failures, intent, ...ended }) });

  it('is made within half of what is left of the grace', () => {
    // Of 20 s: half, and a tenth as floor.
    expect(plan(at(1000))).toEqual({ refreshAt: at(1011), inDoubt: false });
  });

  it('keeps its usual distance where nothing is in doubt, whatever grace there is', () => {
    const row = aConnection({ failures: 0, ...ended });

    expect(planRetry(portsAt(at(1000)), graceful, { row })).toEqual({
      refreshAt: at(1033),
      inDoubt: false,
    });
  });

  it.each([
    ['at the end of the grace', 1040],
    ['after it', 1041],
  ])('keeps its usual distance %s, and waits for the doubt', (_, now) => {
    const client = aClientOf({ grace_seconds: 40 });
    const row = aConnection({ failures: 9, intent, ...ended, refreshAt: at(1037) });
    const { refreshAt, inDoubt } = planRetry(portsAt(at(now), 1), client, { row });

    // The tenth failure, at its longest.
    expect(refreshAt).toBe(at(now + 3600));
    expect(inDoubt).toBe(true);
  });
});

describe('the grace of a newer attempt, when that of the doubt is over', () => {
  /** An attempt at 2000, whose answer may come round until 2150. */
  const newer = { intent, ...ended, fence: at(2000) * 1000, refreshAt: at(2140) };
  const waitOf = (now: number, grace: number, row: Partial<Connection> = {}) =>
    undecidedUntil(
      portsAt(at(now)),
      aClientOf({ grace_seconds: grace }),
      aConnection({ ...newer, accessTokenExpiresAt: at(5000), ...row }),
    );

  it.each([
    ['waits for its answer, and not for the access token’s end', 2010, at(2150)],
    ['and no longer, to the end of the grace', 2599, at(2150)],
    ['and waits for that once the grace is over', 2600, at(4940)],
  ])('%s', (_, now, moment) => {
    expect(waitOf(now, 600)).toBe(moment);
  });

  it('counts from the end of its lease, and from when somebody has set it since', () => {
    expect(waitOf(2100, 600, { lease: { owner: 'gone', until: at(2060) } })).toBe(at(2180));
    expect(waitOf(2100, 600, { refreshAt: at(2300) })).toBe(at(2300));
  });

  it('is of no use where it ends before its answer must have arrived', () => {
    expect(waitOf(2100, 150)).toBe(at(4940));
    expect(waitOf(2100, 151)).toBe(at(2150));
  });

  it('is not what the doubt’s own is while that lasts', () => {
    expect(waitOf(2100, 1101)).toBe(0);
    expect(waitOf(2100, 1100)).toBe(at(2150));
  });

  it('is not known of a fence of the future', () => {
    expect(waitOf(1999, 600)).toBe(at(4940));
    expect(waitOf(2000, 600)).toBe(at(2150));
  });

  it('is where the next try is made, but for the wait', () => {
    const plan = (grace: number) => {
      const row = aConnection({ ...newer, failures: 9 });
      const client = aClientOf({ grace_seconds: grace });
      return planRetry(portsAt(at(2001), 1), client, { row: { ...row, refreshAt: at(0) } });
    };

    // Half of what is left of it.
    expect(plan(601)).toEqual({ refreshAt: at(2301), inDoubt: true });
    expect(plan(200)).toEqual({ refreshAt: at(2150), inDoubt: true });
  });

  it('lets the next try keep its usual distance once it is over', () => {
    const row = aConnection({ ...newer, ...ended, failures: 0 });
    const client = aClientOf({ grace_seconds: 600 });

    expect(planRetry(portsAt(at(2600)), client, { row })).toEqual({
      refreshAt: at(2633),
      inDoubt: false,
    });
  });
});
