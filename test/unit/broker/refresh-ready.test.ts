import { describe, expect, it } from 'vitest';
import type { ClientRegistry, Sealer } from '../../../lib/broker/ports.ts';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aKey, at } from '../../support/connections.ts';
import { demand, due, dueAt, refreshWorld, storeDown } from '../../support/refresh-world.ts';
import { transparentSealer } from '../../support/transparent-sealer.ts';

type World = ReturnType<typeof refreshWorld>;

const acme = parseClientName('acme');
const sealer = transparentSealer();
const failing = (fault: Fault) => async (): Promise<never> => {
  throw fault;
};
const withSealer = (changes: Partial<Sealer>) => ({ sealer: { ...sealer, ...changes } });
const withClients = (read: ClientRegistry['read']) => ({ clients: { read } });
const noRing = new Fault('KEY_RING_INVALID', {
  purpose: 'renewal',
  problems: ['evergrant/local/keys/renewal is missing'],
});

/** Nothing was sent, nothing is lost, it is tried again, and callers are told. */
function expectHeldBack(world: World, before: ReturnType<World['row']>): void {
  const { refreshAt, ...row } = world.row();
  const { refreshAt: _before, ...rest } = before;
  expect(world.calls).toEqual([]);
  expect(row).toEqual(rest);
  expect(refreshAt).toBeGreaterThan(dueAt);
  expect(refreshAt).toBeLessThanOrEqual(dueAt + 60);
  expect(world.token()).toMatchObject({ fence: 1, retryAt: refreshAt });
}

describe('a refresh is held back before the lease is taken, and nothing is lost,', () => {
  it.each([
    ['the key rings are missing', withSealer({ ready: failing(noRing) }), noRing],
    [
      'the registration is not valid',
      withClients(
        failing(
          new Fault('REGISTRATION_INVALID', {
            client: 'acme',
            problems: ['client_id must be text'],
          }),
        ),
      ),
      { code: 'REGISTRATION_INVALID', context: { problems: ['client_id must be text'] } },
    ],
    [
      'the registration is gone',
      withClients(failing(new Fault('UNKNOWN_CLIENT', { client: 'acme' }))),
      { code: 'UNKNOWN_CLIENT', context: { client: 'acme' } },
    ],
    [
      'the sealed credential does not open',
      withSealer({
        open: failing(
          new Fault('SEALED_VALUE_INVALID', { purpose: 'renewal', reason: 'unknown_key' }),
        ),
      }),
      { code: 'SEALED_VALUE_INVALID', context: { reason: 'unknown_key' } },
    ],
  ])('when %s', async (_name, over, { code, context }) => {
    const world = refreshWorld();
    const before = world.row();

    const reply = await world.refresh(due, over);

    expect(reply).toMatchObject({
      outcome: 'failing',
      warning: { code: 'refresh_failing' },
      token: { fence: 1 },
    });
    expectHeldBack(world, before);
    expect(world.log.lines).toMatchObject([
      { level: 'error', event: 'refresh_not_ready', details: { code, context } },
    ]);
    expect(world.log.lines[0]?.details.advice).toMatch(/\w+/);
  });

  it.each(['access_token', 'renewal'])('when only the ring for %s is missing', async (missing) => {
    const world = refreshWorld();
    const before = world.row();
    const ready: Sealer['ready'] = async (purpose) => {
      if (purpose === missing) throw noRing;
    };

    await world.refresh(due, withSealer({ ready }));

    expectHeldBack(world, before);
  });

  it.each([
    ['client id', aClient({ clientId: 'another-id' })],
    [
      'token endpoint',
      aClient({ definition: aDefinition({ token: { url: 'https://evil.example.com/token' } }) }),
    ],
  ])('when the registration has another %s than the connection pins', async (_name, client) => {
    const world = refreshWorld();
    const before = world.row();
    world.clients.put(client);

    expect(await world.refresh()).toMatchObject({ outcome: 'failing' });

    expectHeldBack(world, before);
    expect(world.log.lines).toMatchObject([{ details: { code: 'CLIENT_CHANGED' } }]);
  });

  it('when the sealed credential is of no known form, and quotes none of it', async () => {
    const world = refreshWorld();
    const before = world.row();

    await world.refresh(due, withSealer({ open: async () => 'top-secret' }));

    expectHeldBack(world, before);
    expect(JSON.stringify(world.log.lines)).not.toContain('top-s');
  });
});

describe('a refresh that was held back', () => {
  it('goes on as soon as it can', async () => {
    const world = refreshWorld();
    await world.refresh(due, withSealer({ ready: failing(noRing) }));
    const { refreshAt } = world.row();
    await world.clock.advance(60_000);

    const reply = await world.refresh({ kind: 'due', refreshAt: refreshAt ?? at(0) });

    expect(reply).toMatchObject({ outcome: 'refreshed' });
    expect(world.token()).not.toHaveProperty('warning');
    expect(world.token()).not.toHaveProperty('retryAt');
  });

  it('leaves alone what another has changed since', async () => {
    const world = refreshWorld();
    const lease = { owner: 'another', until: at(3030) };
    const ready: Sealer['ready'] = async () => {
      world.connections.put({ ...world.row(), fence: 2, lease });
      throw noRing;
    };

    expect(await world.refresh(due, withSealer({ ready }))).toMatchObject({
      outcome: 'in_progress',
    });
    expect(world.row()).toMatchObject({ fence: 2, lease, refreshAt: dueAt });
    expect(world.token()).not.toHaveProperty('retryAt');
  });

  it('is answered although callers cannot be told through the table', async () => {
    const world = refreshWorld();
    const tokens = { ...world.tokens, note: failing(storeDown()) };

    expect(
      await world.refresh(due, { ...withSealer({ ready: failing(noRing) }), tokens }),
    ).toMatchObject({ outcome: 'failing' });
  });

  it.each([
    ["the client's row", { clientStatus: { read: failing(storeDown()) } }],
    ['Secrets Manager', withClients(failing(storeDown()))],
  ])('is returned instead while %s cannot be read', async (_name, over) => {
    const world = refreshWorld();
    const clientStatus = {
      ...world.clientStatus,
      ...('clientStatus' in over && over.clientStatus),
    };
    const clients = 'clients' in over ? over.clients : world.clients;

    await expect(world.refresh(due, { clientStatus, clients })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ refreshAt: dueAt, fence: 1 });
  });
});

describe('a client that the provider refused', () => {
  const clientRefused = { answers: [{ outcome: 'client_refused' }] } as const;

  it('is marked, and its connection is as it was', async () => {
    const world = refreshWorld(clientRefused);

    const reply = await world.refresh();

    expect(reply).toMatchObject({
      outcome: 'failing',
      state: 'active',
      warning: { code: 'client_refused', since: dueAt },
      retryAt: at(3060),
      token: { fence: 1 },
    });
    expect(await world.clientStatus.read(acme)).toEqual({
      refusedVersion: 'version-1',
      refusedAt: dueAt,
    });
    expect(world.row()).toMatchObject({ state: 'active', failures: 0, committedFence: 1 });
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
    expect(await world.credential()).toContain('refresh-1');
    expect(world.token()).toMatchObject({ warning: { code: 'client_refused' } });
    expect(world.counted).toContain('client_refused');
  });

  it('gets another moment for the queue, which takes no message of the same one twice', async () => {
    const world = refreshWorld(clientRefused);

    await world.refresh();

    expect(world.row().refreshAt).toBeGreaterThan(dueAt);
  });

  it('keeps the intent of an earlier attempt that is still in doubt', async () => {
    const intent = { fence: 1, at: at(-7000), credentialFence: 1 };
    const world = refreshWorld({ ...clientRefused, row: { intent, accessTokenExpiresAt: at(0) } });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ intent });
  });

  it.each([
    ['due', due],
    ['demand', demand],
  ])('is not asked again with the same registration, by %s', async (_name, cause) => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(acme, 'version-1', at(2000));

    expect(await world.refresh(cause)).toMatchObject({
      outcome: 'failing',
      warning: { code: 'client_refused' },
      retryAt: at(3060),
    });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ state: 'active', fence: 1, refreshAt: at(3060) });
  });

  it('is looked up anew before it is believed to be the same', async () => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(acme, 'version-1', at(2000));
    const read: ClientRegistry['read'] = async (_client, options) =>
      aClient({ version: options?.fresh ? 'version-2' : 'version-1' });

    expect(await world.refresh(due, withClients(read))).toMatchObject({ outcome: 'refreshed' });
  });

  it.each(['granted', 'grant_refused'] as const)(
    'is trusted again when a new version is answered: %s',
    async (outcome) => {
      const world = refreshWorld(outcome === 'granted' ? {} : { answers: [{ outcome }] });
      await world.clientStatus.markRefused(acme, 'version-0', at(2000));

      await world.refresh();

      expect(await world.clientStatus.read(acme)).toEqual({});
    },
  );

  it('is not trusted again for an outage', async () => {
    const answer = { outcome: 'unavailable', trouble: 'network', undecided: false } as const;
    const world = refreshWorld({ answers: [answer] });
    await world.clientStatus.markRefused(acme, 'version-0', at(2000));

    await world.refresh();

    expect(await world.clientStatus.read(acme)).toMatchObject({ refusedVersion: 'version-0' });
  });

  it('is trusted again only after the answer is safe, and that may fail', async () => {
    const world = refreshWorld();
    await world.clientStatus.markRefused(acme, 'version-0', at(2000));
    const clearRefused = async (): Promise<never> => {
      expect(world.row().committedFence).toBe(dueAt * 1000);
      throw storeDown();
    };

    const reply = await world.refresh(due, {
      clientStatus: { ...world.clientStatus, clearRefused },
    });

    expect(reply).toMatchObject({ outcome: 'refreshed' });
    expect(world.token()).toMatchObject({ fence: dueAt * 1000, ...aKey() });
  });
});

describe('a connection that does not read back', () => {
  const unreadable = new Fault('ROW_INVALID', {
    table: 'connections',
    key: 'acme/ann',
    problems: ['fence must be a whole number'],
  });

  it.each([
    ['the schedule', due],
    ['a caller', demand],
  ])('leaves the schedule, and the log names what is wrong, by %s', async (_name, cause) => {
    const world = refreshWorld();
    const read = failing(unreadable);

    const reply = await world.refresh(cause, { connections: { ...world.connections, read } });

    expect(reply).toEqual({ outcome: 'failing', state: 'failing' });
    expect(world.calls).toEqual([]);
    expect(world.row()).not.toHaveProperty('refreshAt');
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ event: 'connection_quarantined' }),
    );
  });
});
