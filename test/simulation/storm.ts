/**
 * Storms: which faults pass over the connections, and what callers do meanwhile. All by chance.
 *
 * @module
 */
import type { ConnectionKey } from '../../lib/names.ts';
import { keyText } from '../../lib/names.ts';
import { seconds } from '../../lib/time.ts';
import type { Functions } from './functions.ts';
import { type Plot, swallow } from './history.ts';
import { rotationClasses } from './provider-model.ts';
import { seededRandom } from './random.ts';
import { watchedVend } from './vending.ts';
import { stormy } from './weather.ts';
import type { Conditions, World, WorldSettings } from './world.ts';

/** The world that a seed stands for. */
export function settingsOf(seed: number, options: Partial<WorldSettings> = {}): WorldSettings {
  const random = seededRandom(seed * 2 + 1);
  return {
    seed,
    providers: [
      {
        rotationClass: random.pick(rotationClasses),
        graceSeconds: random.pick([240, 300, 600, 900, 1800, 3600]),
        lifetimeSeconds: random.pick([180, 300, 600, 1800]),
        endsGrantOnReuse: random.chance(0.8),
        connections: random.between(1, 2),
      },
    ],
    machines: random.between(2, 3),
    skewSeconds: random.pick([0, 10, 600]),
    ...options,
  };
}

/** A storm of some length, with a climate of its own. */
export const storm: Plot = async (world, functions) => {
  const { random, timeline } = world;
  const often = (probability: number, most: number) =>
    random.chance(probability) ? random.next() * most : 0;
  const climate = {
    kill: often(0.6, 0.06),
    service: often(0.6, 0.25),
    provider: often(0.7, 0.8),
    stall: often(0.5, 0.3),
    stale: often(0.5, 0.5),
    duplicate: often(0.5, 0.3),
  };
  const noteFault = (kind: string) => {
    world.count(kind);
    const nowMs = timeline.elapsedMs();
    world.faultSpans.push({ fromMs: nowMs, toMs: nowMs });
  };
  world.weather.become(stormy(random, climate, { count: noteFault, conditions: world.conditions }));
  const [{ lifetimeSeconds } = { lifetimeSeconds: 600 }] = world.settings.providers;
  const lengthMs = Math.min(2 * 3600, lifetimeSeconds * random.between(2, 8)) * 1000;
  setClocks(world);
  planConditions(world, lengthMs);
  planDeeds(world, functions, lengthMs);
  await timeline.runUntil(timeline.elapsedMs() + lengthMs);
};

function setClocks({ machines, random, settings, count }: World): void {
  const mostMs = (settings.skewSeconds * 1000) / 2;
  for (const machine of machines) {
    machine.skewMs = random.between(-mostMs, mostMs);
    if (machine.skewMs !== 0) count('clock_skew');
  }
}

type Spell = (conditions: Conditions) => void;

/** Spells in which something is out of order for everybody. */
function planConditions(world: World, lengthMs: number): void {
  const { random, timeline, conditions } = world;
  const spells: Readonly<Record<string, readonly [Spell, Spell]>> = {
    key_ring_missing: [(now) => (now.keyMissing = true), (now) => (now.keyMissing = false)],
    registration_broken: [
      (now) => (now.registrationBroken = true),
      (now) => (now.registrationBroken = false),
    ],
    client_refused: [(now) => (now.clientRefused = true), (now) => (now.clientRefused = false)],
    provider_down: [(now) => (now.providerDown = true), (now) => (now.providerDown = false)],
    connections_down: [(now) => (now.down = 'connections'), (now) => (now.down = undefined)],
    tokens_down: [(now) => (now.down = 'tokens'), (now) => (now.down = undefined)],
    recovery_down: [(now) => (now.down = 'recovery'), (now) => (now.down = undefined)],
    scheduler_silent: [
      (now) => (now.schedulerSilent = true),
      (now) => (now.schedulerSilent = false),
    ],
  };
  for (const [kind, [begin, end]] of Object.entries(spells)) {
    if (!random.chance(0.12)) continue;
    const atMs = random.between(0, lengthMs);
    const endMs = atMs + random.between(5_000, lengthMs / 4);
    const nowMs = timeline.elapsedMs();
    world.faultSpans.push({ fromMs: nowMs + atMs, toMs: nowMs + endMs });
    timeline.plan(atMs, () => {
      timeline.trace(`begins: ${kind}`);
      world.count(kind);
      begin(conditions);
    });
    timeline.plan(endMs, () => {
      timeline.trace(`ends: ${kind}`);
      world.count(kind);
      end(conditions);
      if (kind === 'client_refused') world.registry.renew();
    });
  }
}

type DeedNames = Readonly<Record<string, Deed>>;
type Deed = (world: World, functions: Functions, key: ConnectionKey) => void;

const deeds: Readonly<Record<string, Deed>> = {
  vend,
  vend_again: vend,
  vend_crowd: (...where) => {
    for (let one = 0; one < 4; one += 1) vend(...where);
  },
  due_now: ({ stores }, functions, key) => {
    const row = stores.connectionRows.get(keyText(key));
    if (row?.state === 'revoked' || row?.refreshAt === undefined) return;
    swallow(functions.refresh({ key, cause: { kind: 'due', refreshAt: row.refreshAt } }));
  },
  redelivery: ({ random }, functions) => {
    const { sent } = functions.recoveries;
    const message = sent[random.between(0, Math.max(0, sent.length - 1))];
    if (message) swallow(functions.recover(message));
  },
  kill: ({ faultSpans, timeline }, { running }) => {
    const [first] = running;
    if (first) faultSpans.push({ fromMs: timeline.elapsedMs(), toMs: timeline.elapsedMs() });
    first?.kill('at random');
  },
  store_down: ({ conditions, faultSpans, random, timeline }) => {
    conditions.down = random.pick(['connections', 'connections', 'tokens', 'recovery']);
    const fromMs = timeline.elapsedMs();
    const lengthMs = random.between(1_000, 90_000);
    faultSpans.push({ fromMs, toMs: fromMs + lengthMs });
    timeline.plan(lengthMs, () => {
      conditions.down = undefined;
    });
  },
  clock_jump: ({ machines, random, settings }) => {
    random.pick(machines as [(typeof machines)[0], ...typeof machines]).skewMs = random.between(
      -settings.skewSeconds * 500,
      settings.skewSeconds * 500,
    );
  },
};

/** Deeds that change what a connection is: rare, or nothing would ever be refreshed. */
const rareDeeds: Readonly<Record<string, Deed>> = {
  reconnect: (_world, functions, key) => swallow(functions.connect(key)),
  disconnect: (world, functions, key) => disconnectSurely(world, functions, key),
  withdraw: ({ providerOf }, _functions, key) => providerOf(keyText(key)).withdraw(keyText(key)),
};

/** The least and the most, in milliseconds. */
type Span = readonly [number, number];

/** After a refresh token is sent: the call, the lease, what comes after it, the recovery queue. */
const delicateMs: readonly [Span, ...Span[]] = [
  [0, 50],
  [0, 2_000],
  [0, 47_000],
  [65_000, 80_000],
  [30_000, 200_000],
];

function planDeeds(world: World, functions: Functions, lengthMs: number): void {
  const { random, timeline, keys } = world;
  const endMs = timeline.elapsedMs() + lengthMs;
  const planOne = (known: DeedNames, key: ConnectionKey | undefined, [leastMs, mostMs]: Span) => {
    const names = Object.keys(known);
    const name = names[random.between(0, names.length - 1)] ?? '';
    if (!key) return;
    timeline.plan(random.between(leastMs, mostMs), () => {
      if (timeline.elapsedMs() > endMs) return;
      timeline.trace(`deed: ${name} ${keyText(key)}`);
      known[name]?.(world, functions, key);
    });
  };
  const anyKey = () => keys[random.between(0, keys.length - 1)];
  for (let left = random.between(0, 30); left > 0; left -= 1)
    planOne(deeds, anyKey(), [0, lengthMs]);
  const changes = random.chance(0.4) ? random.between(1, 2) : 0;
  for (let left = changes; left > 0; left -= 1) planOne(rareDeeds, anyKey(), [0, lengthMs]);
  // The delicate moments are those of an attempt under way, and right after it.
  const meddles = random.next() * 0.7;
  world.bystanders.push((key) => {
    if (timeline.elapsedMs() > endMs || !random.chance(meddles)) return;
    planOne(random.chance(0.05) ? rareDeeds : deeds, key, random.pick(delicateMs));
    planOne(deeds, key, random.pick(delicateMs));
  });
}

function vend(world: World, functions: Functions, key: ConnectionKey): void {
  const { random } = world;
  swallow(
    watchedVend(world, functions, {
      ...key,
      minTtlSeconds: seconds(random.pick([0, 60, 300])),
      maxWaitSeconds: seconds(random.pick([0, 5, 20])),
    }),
  );
}

/** An application that asks again until it is told that the connection is gone. */
function disconnectSurely(world: World, functions: Functions, key: ConnectionKey): void {
  const { timeline } = world;
  let isDone = false;
  const done = () => {
    isDone = true;
    world.disconnectedAtMs.set(keyText(key), timeline.elapsedMs());
  };
  functions.disconnect(key).then(done, (error: { readonly code?: string }) => {
    if (error.code === 'UNKNOWN_CONNECTION') done();
  });
  timeline.plan(60_000, () => {
    if (!isDone) disconnectSurely(world, functions, key);
  });
}
