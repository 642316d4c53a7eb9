import { describe, expect, it } from 'vitest';
import type { ClientRegistry, ConnectionStore } from '../../../lib/broker/ports.ts';
import { refreshConnection } from '../../../lib/broker/refresh-connection.ts';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { aKey, at } from '../../support/connections.ts';
import { interposed } from '../../support/interposed.ts';
import { due, dueAt, refreshWorld, storeDown } from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

const acme = parseClientName('acme');

/** The registry, and what is asked of it. */
function watchedClients({ clients }: World) {
  const asked: (boolean | undefined)[] = [];
  const read: ClientRegistry['read'] = (name, options) => {
    asked.push(options?.fresh);
    return clients.read(name);
  };
  return { asked, clients: { read } };
}

describe('a refresh', () => {
  it('reads its row once, and writes it twice', async () => {
    const world = refreshWorld();
    const calls: string[] = [];
    const connections = interposed(world.connections, (method, call) => {
      calls.push(method);
      return call();
    });

    await world.refresh(due, { connections });

    expect(calls).toEqual(['read', 'acquire', 'commit']);
  });

  it.each([
    ['that nobody has refused', undefined, [undefined]],
    ['of which an older version was refused', 'version-0', [undefined]],
    ['of which this version was refused', 'version-1', [undefined, true]],
  ])(
    'asks anew, past what is remembered, for no client %s but the last',
    async (_, refused, asked) => {
      const world = refreshWorld();
      if (refused) await world.clientStatus.markRefused(acme, refused, at(2000));
      const watched = watchedClients(world);

      await world.refresh(due, { clients: watched.clients });

      expect(watched.asked).toEqual(asked);
    },
  );

  it('lifts no refusal where there is none', async () => {
    const world = refreshWorld();
    const clearRefused = async (): Promise<never> => {
      throw new Error('there is nothing to clear');
    };

    const clientStatus = { ...world.clientStatus, clearRefused };
    expect(await world.refresh(due, { clientStatus })).toMatchObject({ outcome: 'refreshed' });
  });

  it('lifts no refusal where the provider was not asked', async () => {
    const world = refreshWorld({ credential: {}, token: { expiresAt: dueAt } });
    await world.clientStatus.markRefused(acme, 'version-0', at(2000));

    expect(await world.refresh()).toMatchObject({ reason: 'no_renewal_credential' });
    expect(await world.clientStatus.read(acme)).toMatchObject({ refusedVersion: 'version-0' });
  });

  it('finds that its row has gone as it took the lease', async () => {
    const world = refreshWorld();
    let reads = 0;
    const changes: Partial<ConnectionStore> = {
      acquire: async () => 'lost',
      read: async (key) => {
        reads += 1;
        return reads === 1 ? world.connections.read(key) : undefined;
      },
    };

    expect(
      await world.refresh(due, { connections: { ...world.connections, ...changes } }),
    ).toMatchObject({ outcome: 'unknown_connection' });
    expect(world.calls).toEqual([]);
  });
});

describe('a row that does not read back', () => {
  it('has its message redelivered while it cannot be put into quarantine', async () => {
    const world = refreshWorld();
    const changes: Partial<ConnectionStore> = {
      read: async () => {
        throw new Fault('ROW_INVALID', { table: 'connections', key: 'acme/ann', problems: ['x'] });
      },
      quarantine: async () => {
        throw storeDown();
      },
    };

    await expect(
      world.refresh(due, { connections: { ...world.connections, ...changes } }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

it.each([
  ['is unknown', new Fault('UNKNOWN_CLIENT', { client: 'acme' }), 'unknown_client'],
  ['cannot be read', storeDown(), 'unknown_connection'],
  ['fails like an unknown one', { code: 'UNKNOWN_CLIENT' }, 'unknown_connection'],
])('tells of nothing at that address when its client %s', async (_, error, outcome) => {
  const world = refreshWorld();
  const read = async (): Promise<never> => {
    throw error;
  };

  const reply = await refreshConnection({ ...world.ports, clients: { read } }, aKey('nobody'), {
    cause: due,
    deadlineMs: 60_000,
  });

  expect(reply).toMatchObject({ outcome });
});
