import { beforeAll, describe, expect, it } from 'vitest';
import { type Deaths, type KillHistory, type Meeting, runKills } from './every-kill.ts';
import { type History, runHistory } from './history.ts';
import { type RotationClass, rotationClasses } from './provider-model.ts';
import { settingsOf, storm } from './storm.ts';
import { addHistory, emptyTally, printableTally } from './tally.ts';

const meetings = ['at_once', 'after_the_lease'] as const satisfies readonly Meeting[];

describe('a storm of faults', () => {
  it('breaks no promise, whatever the seed', async () => {
    const tally = emptyTally();
    const failed: string[] = [];
    for (let seed = 1; seed <= 900; seed += 1) {
      const history = await runHistory(settingsOf(seed), storm);
      addHistory(tally, history);
      if (history.violations.length > 0) failed.push(describeFailure(seed, history));
    }

    expect(failed).toEqual([]);
    expect(printableTally(tally, { seeds: 900, elapsedSeconds: 1 })).toMatchObject({
      histories: 900,
      avoidable_losses: 0,
      false_reauthorizations: 0,
      violations: 0,
    });
    // A storm in which nothing happens shows nothing.
    expect(tally.refreshes).toBeGreaterThan(2000);
    expect(tally.faults.size).toBeGreaterThan(20);
  });

  it('is the same history each time its seed is used', async () => {
    const [once, again, other] = [
      await runHistory(settingsOf(7), storm),
      await runHistory(settingsOf(7), storm),
      await runHistory(settingsOf(8), storm),
    ];

    expect(again.digest).toBe(once.digest);
    expect(again.events).toBe(once.events);
    expect(other.digest).not.toBe(once.digest);
  });

  it('leaves no token in its trace', async () => {
    const { lines } = await runHistory(settingsOf(7, { keepTrace: true }), storm);

    expect(lines.length).toBeGreaterThan(100);
    expect(lines.join('\n')).not.toMatch(/(access|refresh) \d+\.\d+/);
  });
});

describe.each(rotationClasses)('a worker killed at any moment: rotation %s', (rotationClass) => {
  for (const meeting of meetings) {
    it(`loses nothing that could be kept, the other coming ${meeting}`, async () => {
      const histories = await killEachOnce({ rotationClass, meeting });

      expect(histories.length).toBeGreaterThan(20);
      expect(histories.flatMap(({ violations }) => violations)).toEqual([]);
      expect([...new Set(histories.flatMap(placesOfLoss))].toSorted()).toEqual(
        unavoidable(rotationClass),
      );
    });
  }
});

describe.each(rotationClasses)('both killed, at any moments: rotation %s', (kind) => {
  let histories: readonly KillHistory[] = [];
  beforeAll(async () => {
    histories = await killBoth({ rotationClass: kind, meeting: 'at_once' });
  });

  it('breaks no promise', () => {
    expect(histories.length).toBeGreaterThan(400);
    expect(histories.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('loses only an answer that was between the provider and our first write', () => {
    expect([...new Set(histories.flatMap(placesOfLoss))].toSorted()).toEqual(unavoidable(kind));
  });
});

function describeFailure(seed: number, { violations }: History): string {
  return `npm run simulate -- --seeds 1 --from ${seed}: ${JSON.stringify(violations)}`;
}

type Kind = Parameters<typeof runKills>[1];

/** Each of the two dies at each of its moments, while the other lives. */
async function killEachOnce(kind: Kind): Promise<readonly KillHistory[]> {
  const alive = await runKills(1, kind, { first: undefined, second: undefined });
  const histories: KillHistory[] = [];
  const run = async (deaths: Deaths) => histories.push(await runKills(1, kind, deaths));
  for (const first of alive.passed.first.keys()) await run({ first, second: undefined });
  for (const second of alive.passed.second.keys()) await run({ first: undefined, second });
  return histories;
}

/** Each dies at each of its moments, in every combination. */
async function killBoth(kind: Kind): Promise<readonly KillHistory[]> {
  const histories: KillHistory[] = [];
  const alive = await runKills(1, kind, { first: undefined, second: undefined });
  for (const first of alive.passed.first.keys()) {
    const one = await runKills(1, kind, { first, second: undefined });
    for (const second of one.passed.second.keys()) {
      histories.push(await runKills(1, kind, { first, second }));
    }
  }
  return histories;
}

/** Where a worker died, in the histories that ended with a loss. */
function placesOfLoss({ verdicts, passed }: KillHistory): readonly string[] {
  if (!verdicts.includes('unavoidable_loss') && !verdicts.includes('avoidable_loss')) return [];
  const delicate = ['provider.token before_hearing', 'connections.commit before_sending'];
  const ends = [passed.first, passed.second]
    .map((points) => points.at(-1))
    .map((point) => `${point?.label} ${point?.moment}`);
  return ends.some((end) => delicate.includes(end))
    ? ends.filter((end) => delicate.includes(end))
    : ends;
}

/** The moments between a provider's answer and the first write of ours. */
function unavoidable(rotationClass: RotationClass): readonly string[] {
  const isUsedOnce = rotationClass !== 'none' && rotationClass !== 'grace';
  return isUsedOnce ? ['connections.commit before_sending', 'provider.token before_hearing'] : [];
}
