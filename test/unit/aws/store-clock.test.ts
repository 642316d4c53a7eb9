import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConnection } from '../../../lib/aws/connection-table.ts';
import { setBy, storeClock } from '../../../lib/aws/store-clock.ts';
import { type Clock, epochSeconds, later, seconds } from '../../../lib/time.ts';
import { aKey } from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { aMoment, movingClock } from '../../support/moving-clock.ts';
import { connectionsTable } from '../../support/tables.ts';

const dateOf = (atMs: number) => new Date(atMs).toUTCString();
const trueMs = aMoment * 1000;

/** A machine whose two clocks a test moves apart. */
function aMachine(skewMs: number) {
  const at = { wallMs: trueMs + skewMs, monotonicMs: 0 };
  const clock: Clock = {
    now: () => Math.floor(at.wallMs / 1000) as ReturnType<Clock['now']>,
    nowMs: () => at.wallMs,
    monotonicMs: () => at.monotonicMs,
    sleep: () => Promise.resolve(),
  };
  return { at, clock };
}

/** Hears an answer of the store, right after it was asked. */
const hear = (clock: ReturnType<typeof storeClock>, date: string | undefined) =>
  clock.learn({ date, sentMs: clock.monotonicMs() });

describe('the clock that our store sets', () => {
  it('goes by the machine until the store has answered', () => {
    const { clock } = aMachine(-300_000);

    expect(storeClock(clock).now()).toBe(aMoment - 300);
  });

  it.each([-300_000, -5_000, 5_000, 300_000])(
    'agrees with the store at a skew of %i ms',
    (skew) => {
      const clock = storeClock(aMachine(skew).clock);

      hear(clock, dateOf(trueMs));

      expect(Math.abs(clock.nowMs() - trueMs)).toBeLessThanOrEqual(1000);
    },
  );

  it('leaves a clock alone that agrees to the second', () => {
    const { clock: machine } = aMachine(800);
    const clock = storeClock(machine);

    hear(clock, dateOf(trueMs));

    expect(clock.nowMs()).toBe(trueMs + 800);
  });

  it.each([undefined, '', 'yesterday'])('learns nothing from the date %o', (date) => {
    const clock = storeClock(aMachine(-300_000).clock);

    hear(clock, date);

    expect(clock.now()).toBe(aMoment - 300);
  });

  it('learns nothing from an answer that took seconds', () => {
    const { at, clock: machine } = aMachine(-300_000);
    const clock = storeClock(machine);
    const sentMs = clock.monotonicMs();
    at.monotonicMs += 2001;

    clock.learn({ date: dateOf(trueMs), sentMs });

    expect(clock.now()).toBeLessThan(aMoment - 290);
  });

  it.each([
    ['two seconds', 2000, true],
    ['more than that', 2001, false],
  ])('learns from an answer that took %s: %s ms, %s', (_, tookMs, learns) => {
    const { at, clock: machine } = aMachine(-300_000);
    at.monotonicMs = 70_000;
    const clock = storeClock(machine);
    const sentMs = clock.monotonicMs();
    at.wallMs += tookMs;
    at.monotonicMs += tookMs;

    clock.learn({ date: dateOf(trueMs), sentMs });

    expect(clock.nowMs()).toBe(learns ? trueMs : trueMs - 300_000 + tookMs);
  });

  it('lets itself be ahead of the date by as long as the answer took, and a second', () => {
    const { at, clock: machine } = aMachine(300_000);
    at.monotonicMs = 70_000;
    const clock = storeClock(machine);
    const sentMs = clock.monotonicMs();
    at.monotonicMs += 400;

    clock.learn({ date: dateOf(trueMs), sentMs });

    expect(clock.nowMs()).toBe(trueMs + 1400);
  });

  it('goes on from a machine that has run for a while', () => {
    const { at, clock: machine } = aMachine(0);
    at.monotonicMs = 70_000;
    const clock = storeClock(machine);
    hear(clock, dateOf(trueMs));
    at.monotonicMs += 2000;

    expect(clock.nowMs()).toBe(trueMs + 2000);
  });

  it.each([-300_000, 300_000])('does not follow a wall clock set by %i ms meanwhile', (leapMs) => {
    const { at, clock: machine } = aMachine(0);
    const clock = storeClock(machine);
    hear(clock, dateOf(trueMs));
    at.wallMs += leapMs;
    at.monotonicMs += 7_000;

    expect(clock.now()).toBe(later(aMoment, seconds(7)));
  });

  it('knows how long a container was frozen, though the monotonic clock stood still', () => {
    const { at, clock: machine } = aMachine(-20_000);
    const clock = storeClock(machine);
    hear(clock, dateOf(trueMs));
    at.wallMs += 600_000;

    clock.resume();

    expect(clock.now()).toBe(later(aMoment, seconds(600)));
  });

  it('goes by the monotonic clock from one invocation to the next where that has gone further', () => {
    const { at, clock: machine } = aMachine(0);
    const clock = storeClock(machine);
    hear(clock, dateOf(trueMs));
    at.wallMs -= 300_000;
    at.monotonicMs += 60_000;

    clock.resume();
    at.monotonicMs += 1_000;

    expect(clock.now()).toBe(later(aMoment, seconds(61)));
  });

  it('comes back from a leap with the next answer', () => {
    const { at, clock: machine } = aMachine(0);
    const clock = storeClock(machine);
    hear(clock, dateOf(trueMs));
    at.wallMs += 600_000;
    clock.resume();

    hear(clock, dateOf(trueMs));

    expect(Math.abs(clock.nowMs() - trueMs)).toBeLessThanOrEqual(1000);
  });

  it('sleeps and measures time as the machine does', async () => {
    const machine = movingClock();
    const clock = storeClock(machine);

    await clock.sleep(1500);

    expect(clock.monotonicMs()).toBe(1500);
  });
});

describe('a clock set by DynamoDB', () => {
  let dynalite: Dynalite;
  beforeAll(async () => {
    dynalite = await startDynalite();
  });
  afterAll(() => dynalite.close());

  it.each(['a row', 'a refusal'])('learns from %s', async (answer) => {
    const name =
      answer === 'a row' ? await dynalite.createTable(connectionsTable) : 'no-such-table';
    const client = dynalite.newClient();
    const longAgo = movingClock(epochSeconds(1_000_000_000));
    const clock = setBy(client, storeClock(longAgo));

    await readConnection({ client, name, dueShards: 1 }, aKey()).catch(() => undefined);

    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(60_000);
    client.destroy();
  });
});
