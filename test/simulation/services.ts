/**
 * The stores, queues and secrets as the functions reach them: over a network, and disturbed.
 *
 * @module
 */
import type { ClientRegistry, ConnectionStore, Log } from '../../lib/broker/ports.ts';
import type {
  RecoveryMessage,
  RecoveryQueue,
  RefreshMessage,
  RefreshQueue,
  RevocationQueue,
} from '../../lib/broker/queue-ports.ts';
import { Fault } from '../../lib/fault.ts';
import { type Invocation, overNetwork } from './invocation.ts';
import type { QueueModel } from './queue-model.ts';
import { disturbed } from './service-model.ts';
import type { World } from './world.ts';

/** A message of the refresh queue. */
export type QueuedRefresh = RefreshMessage & { readonly lane: number };

/** How an invocation tells what it does. */
export function reporting(world: World, invocation: Invocation) {
  const { clock } = invocation;
  const { random } = world;
  return { clock, random: random.next, log: traceLog(world, invocation), count: () => undefined };
}

/** Events only: what else a line tells is in the trace already. */
export function traceLog({ timeline }: World, { name }: Invocation): Log {
  const write = (event: string) => timeline.trace(`${name} logs ${event}`);
  return { info: write, warn: write, error: write };
}

/** The stores, queues and secrets, as each invocation reaches them. */
export type Services = ReturnType<typeof disturbedServices>;

interface Queues {
  readonly recoveries: Pick<QueueModel<RecoveryMessage>, 'put'>;
  readonly refreshes: Pick<QueueModel<QueuedRefresh>, 'put'>;
}

export function disturbedServices(world: World) {
  const { stores, sealer, watch } = world;
  let queues: Queues | undefined;
  const recovery: RecoveryQueue = {
    send: async (message) => {
      watch.answerQueued(message);
      queues?.recoveries.put(message);
    },
  };
  const queue: RefreshQueue = {
    send: async (messages) => {
      for (const message of messages) queues?.refreshes.put(message);
    },
  };
  const revocations: RevocationQueue = { send: async () => undefined };
  const ports = {
    connections: disturbed(world, 'connections', stores.connections),
    tokens: disturbed(world, 'tokens', stores.tokens),
    clientStatus: disturbed(world, 'clientStatus', stores.clientStatus),
    clients: disturbed(world, 'clients', registryPort(world)),
    recovery: disturbed(world, 'recovery', recovery),
    queue: disturbed(world, 'queue', queue),
    revocations: disturbed(world, 'revocations', revocations),
  };
  return {
    connectQueues: (both: Queues) => {
      queues = both;
    },
    reach: (invocation: Invocation) => {
      const reached = Object.fromEntries(
        Object.entries(ports).map(([name, port]) => [name, overNetwork(invocation, name, port)]),
      ) as typeof ports;
      const { seal, prepareSeal } = sealer;
      return {
        ...reached,
        connections: withPreparedCommit(reached.connections),
        // Sealing needs nothing but what `ready` has fetched.
        sealer: { ...overNetwork(invocation, 'sealer', sealer), seal, prepareSeal },
      };
    },
  };
}

/** What is prepared is the commit itself: nothing of it is sent before the answer is there. */
function withPreparedCommit(connections: ConnectionStore): ConnectionStore {
  return {
    ...connections,
    prepareCommit: (key, fence) => ({
      commit: (answer) => connections.commit(key, fence, answer),
      drop: () => undefined,
    }),
  };
}

function registryPort({ registry, conditions }: World): ClientRegistry {
  return {
    read: async (client) => {
      if (!conditions.registrationBroken) return registry.read(client);
      throw new Fault('REGISTRATION_INVALID', { client, problems: ['broken'] });
    },
  };
}
