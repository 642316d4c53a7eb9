/**
 * Ways through a refresh that together come to every call of a port that a refresh makes.
 *
 * @module
 */
import type { ConnectionStore, RefreshReply } from '../../lib/broker/ports.ts';
import type { RefreshPorts } from '../../lib/broker/refresh-replies.ts';
import { Fault } from '../../lib/fault.ts';
import { parseClientName } from '../../lib/names.ts';
import { seconds } from '../../lib/time.ts';
import { aConnection, aTombstone, at } from './connections.ts';
import { type Around, interposed } from './interposed.ts';
import {
  due,
  dueAt,
  granted,
  notSent,
  refreshWorld,
  refused,
  storeDown,
  timedOut,
} from './refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

interface Way {
  readonly world: World;
  /** What is not as in the world. */
  readonly over?: Partial<RefreshPorts>;
  readonly leftMs?: number;
}

const acme = parseClientName('acme');
const fence = dueAt * 1000;

const failing = (fault: Fault) => async (): Promise<never> => {
  throw fault;
};
const withStore = (world: World, changes: Partial<ConnectionStore>): Way => ({
  world,
  over: { connections: { ...world.connections, ...changes } },
});

/** A world in which something happens to the row while the provider is asked. */
function duringTheCall(
  happens: (world: World) => void,
  outcome: ReturnType<typeof granted>,
): World {
  const world: World = refreshWorld({
    answers: () => {
      happens(world);
      return outcome;
    },
  });
  return world;
}

const overtake = ({ connections, row }: World) => connections.put({ ...row(), fence: fence + 7 });
const keepNewer = ({ connections, row }: World) =>
  connections.put({ ...row(), committedFence: fence - 1 });

const ways = {
  'that brings a token': () => ({ world: refreshWorld() }),
  'whose token’s end the provider is asked for': () => {
    const answers = [granted('refresh-2', { expirySource: 'default' })];
    const introspect = { url: 'https://as.example.com/introspect' };
    const world = refreshWorld({ answers, definition: { introspect } });
    return { world, over: { introspectExpiry: async () => at(9000) } };
  },
  'whose client was refused before': async () => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(acme, 'version-0', at(2000));
    return { world };
  },
  'whose client is refused still': async () => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(acme, 'version-1', at(2000));
    return { world };
  },
  'whose client is refused now': () => ({
    world: refreshWorld({ answers: [{ outcome: 'client_refused' }] }),
  }),
  'whose breaker is open': () => {
    const world = refreshWorld();
    world.clientStatus.put(acme, { troubles: 5, openUntil: at(3300) });
    return { world };
  },
  'that is the probe of a breaker, and opens it again': () => {
    const world = refreshWorld({ answers: [notSent] });
    world.clientStatus.put(acme, { troubles: 5, openUntil: at(2900) });
    return { world };
  },
  'that is the probe of a breaker, and closes it': () => {
    const world = refreshWorld();
    world.clientStatus.put(acme, { troubles: 5, openUntil: at(2900) });
    return { world };
  },
  'whose probe another makes': () => {
    const world = refreshWorld();
    world.clientStatus.put(acme, { troubles: 5, openUntil: at(2900), probeUntil: at(3020) });
    return { world };
  },
  'whose grant is refused with too many others': async () => {
    const world = refreshWorld({ answers: [refused], definition: { refused_grants_brake: 1 } });
    await world.clientStatus.countRefusedGrant(acme, { at: dueAt, windowSeconds: seconds(600) });
    return { world };
  },
  'whose client is refused now, and was registered anew': () => {
    const world = refreshWorld({ answers: [{ outcome: 'client_refused' }, granted()] });
    const { clients } = world;
    const read: typeof clients.read = async (name, options) => {
      const client = await clients.read(name);
      return options?.fresh ? { ...client, version: 'version-2' } : client;
    };
    return { world, over: { clients: { read } } };
  },
  'that is not ready': () => {
    const world = refreshWorld();
    const fault = new Fault('KEY_RING_INVALID', { purpose: 'renewal', problems: ['none'] });
    return { world, over: { sealer: { ...world.ports.sealer, ready: failing(fault) } } };
  },
  'whose refresh token is in doubt': () => {
    const intent = { fence: 1, at: at(2999), credentialFence: 1 };
    return { world: refreshWorld({ row: { intent } }) };
  },
  'whose grant is dead': () => ({ world: refreshWorld({ answers: [refused] }) }),
  'that finds nothing to renew with': () => ({
    world: refreshWorld({ credential: {}, token: { expiresAt: dueAt } }),
  }),
  'that is refused since another came first': () => ({ world: duringTheCall(keepNewer, refused) }),
  'that is refused, and overtaken': () => ({ world: duringTheCall(overtake, refused) }),
  'that is not sent': () => ({ world: refreshWorld({ answers: [notSent] }) }),
  'that is not sent, and overtaken': () => ({ world: duringTheCall(overtake, notSent) }),
  'that is not answered': () => ({ world: refreshWorld({ answers: [timedOut] }) }),
  'that has no time': () => ({ world: refreshWorld(), leftMs: 10_000 }),
  'that has no time after its lease': () => {
    const world = refreshWorld();
    const acquire: ConnectionStore['acquire'] = async (input) => {
      const ending = await world.connections.acquire(input);
      await world.clock.advance(50_000);
      return ending;
    };
    return withStore(world, { acquire });
  },
  'whose lease another takes': () => {
    const world = refreshWorld();
    const lease = { owner: 'another', until: at(3030) };
    const acquire: ConnectionStore['acquire'] = async () => {
      world.connections.put(aConnection({ ...world.row(), fence: 2, committedFence: 1, lease }));
      return 'lost';
    };
    return withStore(world, { acquire });
  },
  'whose answer cannot be kept': () => {
    const world = refreshWorld();
    return withStore(world, { commit: failing(storeDown()) });
  },
  'whose answer comes too late': () => ({ world: duringTheCall(overtake, granted()) }),
  'of what is deleted meanwhile': () => ({
    world: duringTheCall(
      ({ connections }) => connections.put(aTombstone({ fence: fence + 7 })),
      granted(),
    ),
  }),
} satisfies Readonly<Record<string, () => Way | Promise<Way>>>;

export type WayName = keyof typeof ways;

export const wayNames = Object.keys(ways) as readonly WayName[];

/** Goes one way; `around` is asked at each call of a port. */
export async function goWay(name: WayName, around: Around): Promise<RefreshReply> {
  const { world, over, leftMs }: Way = await ways[name]();
  const ports = { ...world.ports, ...over };
  const { requestToken, introspectExpiry } = interposed(
    { requestToken: ports.requestToken, introspectExpiry: ports.introspectExpiry },
    around,
  );
  return world.refresh(due, {
    connections: interposed(ports.connections, around),
    tokens: interposed(ports.tokens, around),
    clients: interposed(ports.clients, around),
    clientStatus: interposed(ports.clientStatus, around),
    recovery: interposed(ports.recovery, around),
    sealer: interposed(ports.sealer, around),
    requestToken,
    introspectExpiry,
    ...(leftMs !== undefined && { leftMs }),
  });
}

/** The calls that a way makes, in their order. */
export async function callsOf(name: WayName): Promise<readonly string[]> {
  const calls: string[] = [];
  await goWay(name, (method, call) => {
    calls.push(method);
    return call();
  });
  return calls;
}
