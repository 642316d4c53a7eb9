import { expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { aClient } from '../../support/clients.ts';
import { due, dueAt, refreshWorld, storeDown } from '../../support/refresh-world.ts';

const acme = parseClientName('acme');
const changed = (version: string) => aClient({ clientId: 'another-id', version });

it('notes a registration that does not match what was pinned, in the row of its client', async () => {
  const world = refreshWorld();
  world.clients.put(changed('version-2'));

  await world.refresh();

  expect(await world.clientStatus.read(acme)).toEqual({
    changedVersion: 'version-2',
    changedAt: dueAt,
  });
});

it('notes each version once, whichever connection meets it', async () => {
  const world = refreshWorld();
  let notes = 0;
  const clientStatus = {
    ...world.clientStatus,
    markChanged: async (...given: Parameters<typeof world.clientStatus.markChanged>) => {
      notes += 1;
      await world.clientStatus.markChanged(...given);
    },
  };
  const refresh = async (version: string) => {
    world.clients.put(changed(version));
    const { refreshAt = dueAt } = world.row();
    world.clock.setWallClock(refreshAt);
    await world.refresh({ kind: 'due', refreshAt }, { clientStatus });
  };

  await refresh('version-2');
  await refresh('version-2');
  expect(notes).toBe(1);
  await refresh('version-3');

  expect(notes).toBe(2);
  expect((await world.clientStatus.read(acme)).changedVersion).toBe('version-3');
});

it('notes no other reason for which a refresh is held back', async () => {
  const world = refreshWorld();
  const missing = new Fault('REGISTRATION_INVALID', { client: 'acme', problems: ['no id'] });

  await world.refresh(due, { clients: { read: () => Promise.reject(missing) } });

  expect(await world.clientStatus.read(acme)).toEqual({});
});

it('hides no error of our own', async () => {
  const world = refreshWorld();
  world.clients.put(changed('version-2'));
  const markChanged = () => Promise.reject(new TypeError('ours'));

  const refreshed = world.refresh(due, { clientStatus: { ...world.clientStatus, markChanged } });

  await expect(refreshed).rejects.toThrow('ours');
});

it('holds the refresh back all the same when it cannot be noted', async () => {
  const world = refreshWorld();
  world.clients.put(changed('version-2'));
  const markChanged = () => Promise.reject(storeDown());

  const reply = await world.refresh(due, { clientStatus: { ...world.clientStatus, markChanged } });

  expect(reply).toMatchObject({ outcome: 'failing' });
  expect(world.row().refreshAt).toBeGreaterThan(dueAt);
  expect(world.log.lines.map(({ event }) => event)).toEqual([
    'refresh_not_ready',
    'client_change_not_noted',
  ]);
});
