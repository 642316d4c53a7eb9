import { describe, expect, it } from 'vitest';
import { connectDirectly } from '../../../lib/broker/connect-directly.ts';
import type { ClientRegistry } from '../../../lib/broker/ports.ts';
import { Fault } from '../../../lib/fault.ts';
import type { RequestToken, TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import type { Client } from '../../../lib/providers/client.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aKey } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { type Connecting, connectByRedirect, connecting } from '../../support/redirect-flow.ts';
import { dueAt, granted, refreshWorld, refused } from '../../support/refresh-world.ts';
import { aGrant } from '../../support/token-answers.ts';

const { client: acme } = aKey();
const secret = (value: string) => new Secret('client_secret', value);
const secrets = [secret('newer'), secret('older')];
const both = aClient({ secrets });

const secretsOf = (client: Client | undefined) => client?.secrets.map((each) => each.reveal());

/** A provider that keeps the secrets it could have been sent, and answers as told. */
function watchedProvider(answer: (client: Client) => TokenOutcome = () => granted()) {
  const offered: (readonly string[] | undefined)[] = [];
  const requestToken: RequestToken = async (client) => {
    offered.push(secretsOf(client));
    return answer(client);
  };
  return { offered, requestToken };
}

const byOlder = (): TokenOutcome => ({ ...granted(), byOlderSecret: true }) as TokenOutcome;

describe('of two client secrets, in refreshes', () => {
  it('both may be sent until the newer one has worked', async () => {
    const world = refreshWorld({ client: { secrets } });
    const { offered, requestToken } = watchedProvider(byOlder);

    await world.refresh(undefined, { requestToken });

    expect(offered).toEqual([['newer', 'older']]);
    expect(await world.clientStatus.read(acme)).toEqual({});
    expect(world.log.lines.map(({ event }) => event)).toContain('newer_client_secret_refused');
  });

  it('the newer one is noted once it has worked', async () => {
    const world = refreshWorld({ client: { secrets } });

    await world.refresh();

    expect(await world.clientStatus.read(acme)).toEqual({ provenVersion: 'version-1' });
  });

  it('the older one is sent no more then, by no function', async () => {
    const world = refreshWorld({ client: { secrets } });
    await world.clientStatus.markProven(acme, 'version-1');
    const { offered, requestToken } = watchedProvider();

    await world.refresh(undefined, { requestToken });

    expect(offered).toEqual([['newer']]);
  });

  it('the older one is not fallen back to when the newer is refused later', async () => {
    const world = refreshWorld({ client: { secrets } });
    await world.clientStatus.markProven(acme, 'version-1');
    const { offered, requestToken } = watchedProvider(() => ({ outcome: 'client_refused' }));

    const reply = await world.refresh(undefined, { requestToken });

    expect(offered).toEqual([['newer']]);
    expect(reply.warning?.code).toBe('client_refused');
  });

  it('both count again in the next version of the registration', async () => {
    const world = refreshWorld({ client: { secrets, version: 'version-2' } });
    await world.clientStatus.markProven(acme, 'version-1');
    const { offered, requestToken } = watchedProvider();

    await world.refresh(undefined, { requestToken });

    expect(offered).toEqual([['newer', 'older']]);
  });

  it.each<[string, TokenOutcome]>([
    ['a refused grant', refused],
    ['an error of ours', { outcome: 'request_refused', error: 'invalid_scope' }],
    ['no answer', { outcome: 'unavailable', trouble: 'timeout', undecided: true }],
  ])('none is proven by %s', async (_, outcome) => {
    const world = refreshWorld({ client: { secrets }, answers: [outcome] });

    await world.refresh();

    expect((await world.clientStatus.read(acme)).provenVersion).toBeUndefined();
  });

  it('nothing is noted of a client that has one, nor is any called refused', async () => {
    const world = refreshWorld();

    await world.refresh();

    expect(await world.clientStatus.read(acme)).toEqual({});
    expect(world.log.lines.map(({ event }) => event)).not.toContain('newer_client_secret_refused');
  });

  it('a mistake of ours in the note is not taken for a store that is away', async () => {
    const world = refreshWorld({ client: { secrets } });
    const markProven = async () => {
      throw new TypeError('a mistake');
    };

    const refreshing = world.refresh(undefined, {
      clientStatus: { ...world.clientStatus, markProven },
    });

    await expect(refreshing).rejects.toThrow(TypeError);
    expect(world.token().fence).toBe(world.row().fence);
  });

  it('a store that does not take the note fails no refresh', async () => {
    const world = refreshWorld({ client: { secrets } });
    const clientStatus = { ...world.clientStatus, markProven: storeDown };

    const reply = await world.refresh(undefined, { clientStatus });

    expect(reply.outcome).toBe('refreshed');
  });

  it('the reply comes after the note: an invocation is over with its reply', async () => {
    const world = refreshWorld({ client: { secrets } });
    const clientStatus = {
      ...world.clientStatus,
      markProven: async () => {
        await world.clock.sleep(50);
        await world.clientStatus.markProven(acme, 'version-1');
      },
    };

    await world.refresh(undefined, { clientStatus });

    expect(await world.clientStatus.read(acme)).toEqual({ provenVersion: 'version-1' });
  });

  it('the note is written after the answer is kept', async () => {
    const world = refreshWorld({ client: { secrets } });
    const clientStatus = {
      ...world.clientStatus,
      markProven: async () => {
        expect(world.row().committedFence).toBe(world.row().fence);
        expect(world.token().fence).toBe(world.row().fence);
        throw new Fault('STORE_UNAVAILABLE', { store: 'clients', operation: 'seen' });
      },
    };

    await world.refresh(undefined, { clientStatus });

    expect(world.log.lines.map(({ event }) => event)).toContain('store_unavailable');
    expect.assertions(3);
  });
});

describe.each<[string, (ports: Connecting) => Promise<unknown>]>([
  ['by redirect', (ports) => connectByRedirect(ports)],
  [
    'by redirect, to be confirmed',
    (ports) =>
      connectByRedirect(ports, {
        confirm: true,
        returnUrl: 'https://app.example.com/connected',
      }),
  ],
  [
    'by password',
    (ports) =>
      connectDirectly(ports, {
        ...aKey(),
        by: 'password',
        username: 'ann',
        password: new Secret('password', 'correct-horse'),
        retainCredentials: false,
      }),
  ],
])('of two client secrets, connecting %s', (_, connect) => {
  const sent = (ports: Connecting) => secretsOf(ports.provider.asked.at(-1)?.client);

  it('the older one is sent no more once the newer has worked', async () => {
    const ports = connecting(both);
    await connect(ports);
    expect(sent(ports)).toEqual(['newer', 'older']);
    expect(await ports.clientStatus.read(acme)).toEqual({ provenVersion: 'version-1' });

    await connect(ports);

    expect(sent(ports)).toEqual(['newer']);
  });

  it('the older one stays as long as the newer is refused', async () => {
    const ports = connecting(both);
    ports.provider.endWith({ ...aGrant(), byOlderSecret: true } as TokenOutcome);
    await connect(ports);

    await connect(ports);

    expect(sent(ports)).toEqual(['newer', 'older']);
    expect(await ports.clientStatus.read(acme)).toEqual({});
  });

  it('a client that has one needs none of its status read', async () => {
    const ports = connecting();
    ports.clientStatus.replace('read', storeDown);

    await connect(ports);

    expect(sent(ports)).toEqual(['client-secret']);
  });
});

describe('a client secret that the provider refuses', () => {
  const corrected = { version: 'version-2', secrets: [secret('right')] };

  /** A registry that remembers `version-1` although another is stored by now. */
  function remembering(stored: Partial<Client>): ClientRegistry & { readonly fresh: () => number } {
    let fresh = 0;
    const definition = aDefinition({ rotation: 'strict' });
    return {
      fresh: () => fresh,
      read: async (_client, options) => {
        if (options?.fresh) fresh += 1;
        return aClient({ definition, ...(options?.fresh && stored) });
      },
    };
  }

  const knowsRight = (client: Client): TokenOutcome =>
    secretsOf(client)?.includes('right') ? granted() : { outcome: 'client_refused' };

  it('does not count when Secrets Manager has another by now: that one is sent at once', async () => {
    const world = refreshWorld();
    const clients = remembering(corrected);
    const { offered, requestToken } = watchedProvider(knowsRight);

    const reply = await world.refresh(undefined, { clients, requestToken });

    expect(reply.outcome).toBe('refreshed');
    expect(offered).toEqual([['client-secret'], ['right']]);
    expect(clients.fresh()).toBe(1);
    expect(await world.clientStatus.read(acme)).toEqual({});
    expect(world.counted).not.toContain('client_refused');
  });

  it('counts when Secrets Manager has no other: it is sent once', async () => {
    const world = refreshWorld();
    const clients = remembering({});
    const { offered, requestToken } = watchedProvider(knowsRight);

    await world.refresh(undefined, { clients, requestToken });

    expect(offered).toHaveLength(1);
    expect(clients.fresh()).toBe(1);
    expect(await world.clientStatus.read(acme)).toEqual({
      refusedVersion: 'version-1',
      refusedAt: dueAt,
    });
  });

  it('counts in its newest version when that is refused, too', async () => {
    const world = refreshWorld();
    const clients = remembering({ version: 'version-2' });
    const { offered, requestToken } = watchedProvider(knowsRight);

    await world.refresh(undefined, { clients, requestToken });

    expect(offered).toHaveLength(2);
    expect(await world.clientStatus.read(acme)).toMatchObject({ refusedVersion: 'version-2' });
  });

  it('is not replaced by that of a registration that leads elsewhere', async () => {
    const world = refreshWorld();
    const definition = aDefinition({ token: { url: 'https://elsewhere.example.com/token' } });
    const clients = remembering({ ...corrected, definition });
    const { offered, requestToken } = watchedProvider(knowsRight);

    await world.refresh(undefined, { clients, requestToken });

    expect(offered).toEqual([['client-secret']]);
    expect(await world.clientStatus.read(acme)).toMatchObject({ refusedVersion: 'version-1' });
  });

  it('counts where Secrets Manager cannot be asked', async () => {
    const world = refreshWorld();
    const clients: ClientRegistry = {
      read: async (client, options) =>
        options?.fresh ? storeDown() : remembering({}).read(client, options),
    };
    const { requestToken } = watchedProvider(knowsRight);

    const reply = await world.refresh(undefined, { clients, requestToken });

    expect(reply.warning?.code).toBe('client_refused');
  });

  it('is not tried in another version when there is no time left to keep the answer', async () => {
    const world = refreshWorld();
    const { offered, requestToken } = watchedProvider(knowsRight);
    const slow: RequestToken = async (client, request, timeoutMs) => {
      await world.clock.advance(14_000);
      return requestToken(client, request, timeoutMs);
    };

    const reply = await world.refresh(undefined, {
      clients: remembering(corrected),
      requestToken: slow,
      leftMs: 28_000,
    });

    expect(offered).toHaveLength(1);
    expect(reply.outcome).toBe('in_progress');
    expect(await world.clientStatus.read(acme)).toEqual({});
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
  });
});
