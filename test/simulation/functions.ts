/**
 * The functions of the product as they are deployed: each runs the production use case in an
 * invocation of its own.
 *
 * @module
 */
import { disconnect } from '../../lib/broker/disconnect.ts';
import { establishConnection } from '../../lib/broker/establish-connection.ts';
import type {
  ClientRegistry,
  Log,
  RecoveryMessage,
  RefreshMessage,
  RefreshReply,
} from '../../lib/broker/ports.ts';
import { recoverAnswer } from '../../lib/broker/recover-answer.ts';
import { refreshConnection } from '../../lib/broker/refresh-connection.ts';
import { assertTiming } from '../../lib/broker/refresh-timing.ts';
import { scheduleRefreshes } from '../../lib/broker/schedule-refreshes.ts';
import { type TokenCache, tokenCache } from '../../lib/broker/token-cache.ts';
import {
  type VendedToken,
  type VendRequest,
  vendAccessToken,
} from '../../lib/broker/vend-access-token.ts';
import { Fault } from '../../lib/fault.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { Secret } from '../../lib/secret.ts';
import { seconds } from '../../lib/time.ts';
import { beginInvocation, type Invocation, type Machine, overNetwork } from './invocation.ts';
import { type Delivery, type QueueModel, queueModel } from './queue-model.ts';
import { disturbed } from './service-model.ts';
import { tokenAnswer, tokenEndpointModel } from './token-endpoint-model.ts';
import { dueShards, lanesPerClient, type World } from './world.ts';

type RefreshCause = Parameters<typeof refreshConnection>[2]['cause'];
type QueuedRefresh = RefreshMessage & { readonly lane: number };

export interface Functions {
  readonly refresh: (ask: RefreshAsk) => Promise<RefreshReply>;
  readonly recover: (message: RecoveryMessage) => Promise<unknown>;
  readonly schedule: () => Promise<unknown>;
  readonly vend: (request: VendRequest) => Promise<VendedToken>;
  readonly connect: (key: ConnectionKey) => Promise<unknown>;
  readonly disconnect: (key: ConnectionKey) => Promise<unknown>;
  readonly running: ReadonlySet<Invocation>;
  readonly recoveries: QueueModel<RecoveryMessage>;
  readonly refreshes: QueueModel<QueuedRefresh>;
}

export interface RefreshAsk {
  readonly key: ConnectionKey;
  readonly cause: RefreshCause;
  /** What a batch has left of the invocation's time. */
  readonly remainingMs?: number;
}

export const timing = assertTiming({
  leaseSeconds: seconds(30),
  providerTimeoutSeconds: seconds(10),
  storeWriteSeconds: seconds(5),
  clockSkewSeconds: seconds(5),
  recoveryDelaySeconds: seconds(120),
});

/** As deployed: how long the platform lets a function run, and what it keeps back of that. */
const limitMs = { refresh: 60_000, 'refresh-due': 50_000, recover: 30_000, vend: 29_000 };
const reserveMs = 1000;

export function deploy(world: World): Functions {
  const { random } = world;
  const services = disturbedServices(world);
  const running = new Set<Invocation>();
  const caches = new Map<Machine, TokenCache>();
  let invocations = 0;

  /** Runs a function on some machine. Its promise stays open when the invocation is killed. */
  const run = async <Result>(
    name: string,
    timeLimitMs: number,
    handle: (invocation: Invocation, machine: Machine) => Promise<Result>,
  ): Promise<Result> => {
    const machine = random.pick(world.machines as [Machine, ...Machine[]]);
    invocations += 1;
    const invocation = beginInvocation(world, machine, `${name}#${invocations}@${machine.name}`);
    running.add(invocation);
    invocation.onKill(() => running.delete(invocation));
    world.timeline.plan(timeLimitMs, () => {
      if (running.has(invocation)) invocation.kill('time limit');
    });
    try {
      return await handle(invocation, machine);
    } finally {
      running.delete(invocation);
    }
  };

  const refresh = ({ key, cause, remainingMs = limitMs.refresh }: RefreshAsk) =>
    run(`refresh ${cause.kind} ${keyText(key)}`, remainingMs, async (invocation) => {
      const deadlineMs = world.timeline.elapsedMs() + remainingMs - reserveMs;
      const ports = refreshPorts(world, services(invocation), { invocation, key });
      const reply = await refreshConnection(ports, key, { cause, deadlineMs });
      world.timeline.trace(`${invocation.name} replies ${reply.outcome}`);
      world.watch.replied(key, reply);
      return reply;
    });

  const recover = (message: RecoveryMessage) =>
    run(`recover ${keyText(message)}`, limitMs.recover, (invocation) =>
      recoverAnswer({ ...services(invocation), log: traceLog(world, invocation) }, message),
    );

  const recoveries = queueModel<RecoveryMessage>(world, {
    delayMs: 60_000,
    visibilityMs: 180_000,
    receivesAtMost: 1000,
    consume: (message, end) => acknowledge(recover(message), end),
  });
  const refreshes = queueModel<QueuedRefresh>(world, {
    delayMs: 0,
    visibilityMs: 360_000,
    receivesAtMost: 3,
    groupOf: ({ client, lane }) => `${client} ${lane}`,
    deduplicationIdOf: (due) => `${keyText(due)} ${due.refreshAt}`,
    consume: ({ refreshAt, lane: _lane, ...key }, end) => {
      const remainingMs = random.chance(0.2) ? random.between(10_000, 60_000) : limitMs.refresh;
      acknowledge(refresh({ key, cause: { kind: 'due', refreshAt }, remainingMs }), end);
    },
  });
  services.connect(recoveries, refreshes);

  return {
    running,
    recoveries,
    refreshes,
    refresh,
    recover,
    schedule: () =>
      run('refresh-due', limitMs['refresh-due'], (invocation) => {
        const deadlineMs = world.timeline.elapsedMs() + limitMs['refresh-due'] - reserveMs;
        const ports = { ...services(invocation), ...reporting(world, invocation) };
        return scheduleRefreshes(ports, { shards: dueShards, lanesPerClient }, deadlineMs);
      }),
    vend: (request) =>
      run(`vend ${keyText(request)}`, limitMs.vend, (invocation, machine) => {
        const cache = caches.get(machine) ?? tokenCache();
        caches.set(machine, cache);
        // The container ends with it.
        invocation.onKill(() => caches.delete(machine));
        const { clock } = invocation;
        const refresher = { invoke: refreshInvoker(invocation, refresh, world) };
        const ports = { ...services(invocation), refresher, clock, cache, random: random.next };
        return vendAccessToken(ports, request);
      }),
    connect: (key) => run(`connect ${keyText(key)}`, limitMs.vend, connectTo(world, services, key)),
    disconnect: (key) =>
      run(`disconnect ${keyText(key)}`, limitMs.vend, (invocation) =>
        disconnect({ ...services(invocation), ...reporting(world, invocation) }, key),
      ),
  };
}

/** A resource owner consents, and the grant is stored. */
function connectTo(world: World, services: Services, key: ConnectionKey) {
  return async (invocation: Invocation) => {
    const provider = world.providerOf(keyText(key));
    const issued = provider.consent(keyText(key));
    const refreshToken = new Secret('refresh_token', issued.refreshToken);
    const ports = { ...services(invocation), ...reporting(world, invocation) };
    return establishConnection(ports, world.registry.read(key.client), {
      ...key,
      answer: tokenAnswer(provider, issued, invocation.clock.now()),
      credential: { refreshToken },
      params: {},
      allowAccountSwitch: true,
    });
  };
}

function acknowledge(work: Promise<unknown>, end: (ending: Delivery) => void): void {
  work.then(
    () => end('done'),
    () => end('failed'),
  );
}

/** Waits for the reply of a refresh as long as told; the refresh goes on without it. */
function refreshInvoker(invocation: Invocation, refresh: Functions['refresh'], world: World) {
  return async (
    { seenFence, client, connection }: ConnectionKey & { readonly seenFence?: number },
    timeoutMs: number,
  ): Promise<RefreshReply | 'busy' | undefined> => {
    if (world.weather.serviceFault('refresher.invoke') === 'throttled') return 'busy';
    const cause = { kind: 'demand', ...(seenFence !== undefined && { seenFence }) } as const;
    const ask = { key: { client, connection }, cause };
    return invocation.call<RefreshReply | undefined>(
      'refresher.invoke',
      () =>
        refresh(ask).catch(() => {
          throw new Fault('STORE_UNAVAILABLE', { store: 'refresh-function', operation: 'invoke' });
        }),
      { ms: timeoutMs, ending: undefined },
    );
  };
}

function refreshPorts(
  world: World,
  services: ReturnType<Services>,
  { invocation, key }: { readonly invocation: Invocation; readonly key: ConnectionKey },
) {
  return {
    ...services,
    ...reporting(world, invocation),
    requestToken: tokenEndpointModel(world, invocation, key),
    randomToken: () => invocation.name,
    timing,
  };
}

function reporting(world: World, invocation: Invocation) {
  const { clock } = invocation;
  const { random } = world;
  return { clock, random: random.next, log: traceLog(world, invocation), count: () => undefined };
}

/** Events only: what else a line tells is in the trace already. */
function traceLog({ timeline }: World, { name }: Invocation): Log {
  const write = (event: string) => timeline.trace(`${name} logs ${event}`);
  return { info: write, warn: write, error: write };
}

type Services = ReturnType<typeof disturbedServices>;

/** The stores, queues and secrets as one invocation reaches them. */
function disturbedServices(world: World) {
  const { stores, sealer, registry, conditions, watch } = world;
  let queues: readonly [QueueModel<RecoveryMessage>, QueueModel<QueuedRefresh>] | undefined;
  const clients: ClientRegistry = {
    read: async (client) => {
      if (conditions.registrationBroken) {
        throw new Fault('REGISTRATION_INVALID', { client, problems: ['broken'] });
      }
      return registry.read(client);
    },
  };
  const ports = {
    connections: disturbed(world, 'connections', stores.connections),
    tokens: disturbed(world, 'tokens', stores.tokens),
    clientStatus: disturbed(world, 'clientStatus', stores.clientStatus),
    clients: disturbed(world, 'clients', clients),
    recovery: disturbed(world, 'recovery', {
      send: async (message: RecoveryMessage) => {
        watch.answerQueued(message);
        queues?.[0].put(message);
      },
    }),
    queue: disturbed(world, 'queue', {
      send: async (messages: readonly QueuedRefresh[]) => {
        for (const message of messages) queues?.[1].put(message);
      },
    }),
    revocations: disturbed(world, 'revocations', { send: async () => undefined }),
  };
  const reach = (invocation: Invocation) => ({
    ...(Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, overNetwork(invocation, name, port)]),
    ) as typeof ports),
    // Sealing needs nothing but what `ready` has fetched.
    sealer: { ...overNetwork(invocation, 'sealer', sealer), seal: sealer.seal },
  });
  return Object.assign(reach, {
    connect: (...both: NonNullable<typeof queues>) => {
      queues = both;
    },
  });
}
