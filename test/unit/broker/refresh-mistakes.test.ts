/** An error that no port of ours throws is a mistake: it ends a refresh, and is taken for no trouble. */
import { describe, expect, it } from 'vitest';
import type { RefreshPorts } from '../../../lib/broker/refresh-replies.ts';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { interposed } from '../../support/interposed.ts';
import {
  due,
  dueAt,
  granted,
  notSent,
  refreshWorld,
  refused,
  storeDown,
  timedOut,
} from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;
type Around = Parameters<typeof interposed>[1];

/** Every port through which a refresh reaches anything, with something between. */
function portsOf({ ports }: World, around: Around): Partial<RefreshPorts> {
  const asked = interposed({ requestToken: ports.requestToken }, around);
  return {
    connections: interposed(ports.connections, around),
    tokens: interposed(ports.tokens, around),
    clients: interposed(ports.clients, around),
    clientStatus: interposed(ports.clientStatus, around),
    recovery: interposed(ports.recovery, around),
    sealer: interposed(ports.sealer, around),
    requestToken: asked.requestToken,
  };
}

/** Ways through a refresh that together come to every call of a port. */
const ways: Readonly<Record<string, () => Promise<{ world: World; down?: string }>>> = {
  'that brings a token': async () => ({ world: refreshWorld() }),
  'whose client was refused before': async () => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(parseClientName('acme'), 'version-0', dueAt);
    return { world };
  },
  'whose client is refused': async () => ({
    world: refreshWorld({ answers: [{ outcome: 'client_refused' }] }),
  }),
  'whose grant is dead': async () => ({ world: refreshWorld({ answers: [refused] }) }),
  'that is not sent': async () => ({ world: refreshWorld({ answers: [notSent] }) }),
  'that is not answered': async () => ({ world: refreshWorld({ answers: [timedOut] }) }),
  'whose answer cannot be kept': async () => ({
    world: refreshWorld({ answers: [granted()] }),
    down: 'commit',
  }),
  'whose lease another has taken': async () => {
    const world: World = refreshWorld({
      answers: () => {
        const row = world.row();
        world.connections.put({ ...row, fence: row.fence + 7 });
        return granted();
      },
    });
    return { world };
  },
};

/** Runs one way; the call of that number fails with `error`. Answers which there were. */
async function runWay(name: string, failing: number, error: unknown) {
  const way = await ways[name]?.();
  if (!way) throw new Error('there is no such way');
  const methods: string[] = [];
  const over = portsOf(way.world, async (method, call) => {
    methods.push(method);
    if (methods.length - 1 === failing) throw error;
    if (method === way.down) throw storeDown();
    return call();
  });
  const ending = await way.world.refresh(due, over).catch((thrown: unknown) => thrown);
  return { ending, methods };
}

/** An error of somebody else's that bears a code like one of ours. */
const lookalike = (code: string) => Object.assign(new TypeError('a mistake'), { code });

describe.each(Object.keys(ways))('a refresh %s', (name) => {
  it.each(['STORE_UNAVAILABLE', 'ROW_INVALID', 'REQUEST_INVALID'])(
    'throws on a mistake in whatever call, though it be called %s',
    async (code) => {
      const { methods } = await runWay(name, -1, undefined);
      const mistake = lookalike(code);

      expect(methods.length).toBeGreaterThan(5);
      for (const [call, method] of methods.entries()) {
        expect((await runWay(name, call, mistake)).ending, method).toBe(mistake);
      }
    },
  );
});

describe('a fault that is neither of the store nor of what it reads', () => {
  const fault = new Fault('CONFIGURATION_INVALID', { problems: ['none'] });

  it.each(Object.keys(ways))('is thrown on by a refresh %s, from the lease on', async (name) => {
    const { methods } = await runWay(name, -1, undefined);
    const lease = methods.indexOf('acquire');
    for (const [call, method] of methods.entries()) {
      const { ending } = await runWay(name, call, fault);
      // After row and token are read, what is made ready may fail in any way: nothing is sent then.
      const isReadied = call >= 2 && call < lease;
      if (isReadied) {
        expect(ending, method).toMatchObject({ warning: { code: 'refresh_failing' } });
      } else if (method === 'clearRefused') {
        // The next refresh lifts it.
        expect(ending).toMatchObject({ outcome: 'refreshed' });
      } else {
        expect(ending, method).toBe(fault);
      }
    }
  });
});
