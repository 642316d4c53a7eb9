/**
 * The functions of the product as they are deployed: each runs the production use case in an
 * invocation of its own.
 *
 * @module
 */
import { disconnect } from '../../lib/broker/disconnect.ts';
import { establishConnection } from '../../lib/broker/establish-connection.ts';
import type { RefreshInvoker, RefreshReply } from '../../lib/broker/ports.ts';
import type { RecoveryMessage } from '../../lib/broker/queue-ports.ts';
import { recoverPatiently } from '../../lib/broker/recover-answer.ts';
import { refreshConnection } from '../../lib/broker/refresh-connection.ts';
import { assertTiming, recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { scheduleRefreshes } from '../../lib/broker/schedule-refreshes.ts';
import { tokenCache } from '../../lib/broker/token-cache.ts';
import { unknownConnections } from '../../lib/broker/unknown-connections.ts';
import { vendAccessToken } from '../../lib/broker/vend-access-token.ts';
import type { VendedToken, VendPorts, VendRequest } from '../../lib/broker/vended-token.ts';
import { Fault } from '../../lib/fault.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { Secret } from '../../lib/secret.ts';
import { seconds } from '../../lib/time.ts';
import { keylessFingerprints } from '../support/transparent-sealer.ts';
import type { Container, Invocation } from './invocation.ts';
import { type Handle, type Lambda, lambda, reserveMs } from './lambda.ts';
import { type Delivery, type QueueModel, queueModel } from './queue-model.ts';
import { disturbedServices, type QueuedRefresh, reporting, type Services } from './services.ts';
import { tokenAnswer, tokenEndpointModel } from './token-endpoint-model.ts';
import { dueShards, lanesPerClient, type World } from './world.ts';

export interface RefreshAsk {
  readonly key: ConnectionKey;
  readonly cause: Parameters<typeof refreshConnection>[2]['cause'];
  /** What a batch has left of the invocation's time. */
  readonly remainingMs?: number;
}

interface UseCases {
  readonly refresh: (ask: RefreshAsk) => Promise<RefreshReply>;
  readonly recover: (message: RecoveryMessage) => Promise<unknown>;
  readonly schedule: () => Promise<unknown>;
  readonly vend: (request: VendRequest) => Promise<VendedToken>;
  /** The resource owner consents, and the grant is stored. */
  readonly connect: (key: ConnectionKey) => Promise<unknown>;
  readonly disconnect: (key: ConnectionKey) => Promise<unknown>;
}

interface Queues {
  readonly recoveries: QueueModel<RecoveryMessage>;
  readonly refreshes: QueueModel<QueuedRefresh>;
}

export interface Functions extends UseCases, Queues, Pick<Lambda, 'running'> {}

/** As deployed. */
const timing = assertTiming(
  {
    leaseSeconds: seconds(60),
    providerTimeoutSeconds: seconds(45),
    storeWriteSeconds: seconds(5),
    clockSkewSeconds: seconds(5),
    recoveryDelaySeconds,
  },
  { functionTimeoutSeconds: seconds(90), visibilitySeconds: seconds(120) },
);

/** As deployed: how long the platform lets a function run. */
const limitMs = { refresh: 90_000, refreshDue: 50_000, recover: 10_000, http: 29_000 };

interface Deployment {
  readonly world: World;
  readonly services: Services;
  readonly run: Lambda['run'];
}

export function deploy(world: World): Functions {
  const services = disturbedServices(world);
  const { run, running } = lambda(world);
  const useCases = deployUseCases({ world, services, run });
  const queues = deployQueues(world, useCases);
  services.connectQueues(queues);
  return { running, ...useCases, ...queues };
}

function deployUseCases(deployment: Deployment): UseCases {
  const { world, services, run } = deployment;
  const refresh = refreshFunction(deployment);
  return {
    refresh,
    vend: vendFunction(deployment, refresh),
    recover: (message) =>
      run(`recover ${keyText(message)}`, limitMs.recover, (invocation) =>
        recoverPatiently(
          { ...services.reach(invocation), ...reporting(world, invocation) },
          message,
          world.timeline.elapsedMs() + limitMs.recover - reserveMs,
        ),
      ),
    schedule: () =>
      run('refresh-due', limitMs.refreshDue, (invocation) =>
        scheduleRefreshes(
          { ...services.reach(invocation), ...reporting(world, invocation) },
          { shards: dueShards, lanesPerClient },
          world.timeline.elapsedMs() + limitMs.refreshDue - reserveMs,
        ),
      ),
    connect: (key) => run(`connect ${keyText(key)}`, limitMs.http, connecting(deployment, key)),
    disconnect: (key) =>
      run(`disconnect ${keyText(key)}`, limitMs.http, (invocation) =>
        disconnect({ ...services.reach(invocation), ...reporting(world, invocation) }, key),
      ),
  };
}

function refreshFunction({ world, services, run }: Deployment): UseCases['refresh'] {
  const { timeline, watch } = world;
  return ({ key, cause, remainingMs = limitMs.refresh }) =>
    run(`refresh ${cause.kind} ${keyText(key)}`, remainingMs, async (invocation) => {
      const ports = {
        ...services.reach(invocation),
        ...reporting(world, invocation),
        requestToken: tokenEndpointModel(world, invocation, key),
        introspectExpiry: async () => undefined,
        randomToken: () => invocation.name,
        timing,
      };
      const deadlineMs = timeline.elapsedMs() + remainingMs - reserveMs;
      const reply = await refreshConnection(ports, key, { cause, deadlineMs });
      timeline.trace(`${invocation.name} replies ${reply.outcome}`);
      watch.replied(key, reply);
      return reply;
    });
}

/** What a warm container of `vend` remembers. */
type Memory = Pick<VendPorts, 'cache' | 'unknownConnections'>;

function vendFunction(
  { world, services, run }: Deployment,
  refresh: UseCases['refresh'],
): UseCases['vend'] {
  const memories = new WeakMap<Container, Memory>();
  return (request) =>
    run(`vend ${keyText(request)}`, limitMs.http, (invocation) => {
      const { container } = invocation;
      const memory = memories.get(container) ?? {
        cache: tokenCache(),
        unknownConnections: unknownConnections(),
      };
      memories.set(container, memory);
      const ports = {
        ...services.reach(invocation),
        ...reporting(world, invocation),
        ...memory,
        fingerprint: keylessFingerprints,
        refresher: refreshInvoker(world, invocation, refresh),
        randomToken: () => invocation.name,
      };
      return vendAccessToken(ports, request);
    });
}

/** Waits for the reply of a refresh as long as told; the refresh goes on without it. */
function refreshInvoker(
  { weather }: World,
  invocation: Invocation,
  refresh: UseCases['refresh'],
): RefreshInvoker {
  const failed = () => {
    throw new Fault('STORE_UNAVAILABLE', { store: 'refresh-function', operation: 'invoke' });
  };
  return {
    invoke: async ({ seenFence, client, connection }, timeoutMs) => {
      if (weather.serviceFault('refresher.invoke') === 'throttled') return 'busy';
      const cause = { kind: 'demand', ...(seenFence !== undefined && { seenFence }) } as const;
      const begin = () => refresh({ key: { client, connection }, cause }).catch(failed);
      const limit = { ms: timeoutMs, ending: undefined };
      return invocation.call<RefreshReply | undefined>('refresher.invoke', begin, limit);
    },
  };
}

function connecting({ world, services }: Deployment, key: ConnectionKey): Handle<unknown> {
  return async (invocation) => {
    const provider = world.providerOf(keyText(key));
    const issued = provider.consent(keyText(key));
    const ports = { ...services.reach(invocation), ...reporting(world, invocation) };
    return establishConnection(ports, world.registry.read(key.client), {
      ...key,
      answer: tokenAnswer(provider, issued, invocation.clock.now()),
      credential: { refreshToken: new Secret('refresh_token', issued.refreshToken) },
      params: {},
      allowAccountSwitch: true,
    });
  };
}

/** The queues as deployed, each with the function that works it off. */
function deployQueues(world: World, { recover, refresh }: UseCases): Queues {
  const { random } = world;
  return {
    recoveries: queueModel<RecoveryMessage>(world, {
      delayMs: 30_000,
      visibilityMs: 60_000,
      receivesAtMost: 1000,
      consume: (message, end) => acknowledge(recover(message), end),
    }),
    refreshes: queueModel<QueuedRefresh>(world, {
      delayMs: 0,
      visibilityMs: 120_000,
      receivesAtMost: 3,
      groupOf: ({ client, lane }) => `${client} ${lane}`,
      deduplicationIdOf: (due) => `${keyText(due)} ${due.refreshAt}`,
      consume: ({ refreshAt, lane: _lane, ...key }, end) => {
        const remainingMs = random.chance(0.2) ? random.between(10_000, 90_000) : limitMs.refresh;
        acknowledge(refresh({ key, cause: { kind: 'due', refreshAt }, remainingMs }), end);
      },
    }),
  };
}

function acknowledge(work: Promise<unknown>, end: (ending: Delivery) => void): void {
  work.then(
    () => end('done'),
    () => end('failed'),
  );
}
