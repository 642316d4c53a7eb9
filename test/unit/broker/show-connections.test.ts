import { describe, expect, it } from 'vitest';
import { listConnections, showConnection } from '../../../lib/broker/show-connections.ts';
import { type ConnectionKey, parseClientName } from '../../../lib/names.ts';
import { aClient } from '../../support/clients.ts';
import { aConnection, aKey, aTombstone } from '../../support/connections.ts';
import { memoryClientRegistry } from '../../support/memory-client-registry.ts';
import { memoryConnectionStore } from '../../support/memory-connection-store.ts';

const acme = parseClientName('acme');
const nobody = parseClientName('nobody');
const showing = (...connections: readonly ReturnType<typeof aConnection>[]) => ({
  connections: memoryConnectionStore(connections),
  clients: memoryClientRegistry(aClient()),
});
const everything = () => true;
const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    aConnection(aKey(`c-${String(index).padStart(3, '0')}`)),
  );

describe('one connection', () => {
  it('is shown as stored', async () => {
    expect(await showConnection(showing(aConnection()), aKey())).toEqual(aConnection());
  });

  it('is shown although its registration is gone', async () => {
    const ports = showing(aConnection());
    ports.clients.remove(acme);

    expect(await showConnection(ports, aKey())).toEqual(aConnection());
  });

  it.each([
    ['was never there', () => showing()],
    [
      'was deleted',
      () => {
        const ports = showing();
        ports.connections.put(aTombstone());
        return ports;
      },
    ],
  ])('is unknown when it %s', async (_what, ports) => {
    await expect(showConnection(ports(), aKey())).rejects.toMatchObject({
      code: 'UNKNOWN_CONNECTION',
    });
  });

  it('is of an unknown client when there is no registration either', async () => {
    await expect(showConnection(showing(), aKey('ann', 'nobody'))).rejects.toMatchObject({
      code: 'UNKNOWN_CLIENT',
    });
  });
});

describe('the list', () => {
  it('goes on where its cursor says, and ends without one', async () => {
    const ports = showing(...numbered(120));
    const ids: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await listConnections(
        ports,
        { client: acme, ...(cursor && { cursor }) },
        everything,
      );
      ids.push(...page.connections.map(({ connection }) => connection));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== undefined);

    expect(pages).toBe(3);
    expect(ids).toEqual(numbered(120).map(({ connection }) => connection));
  });

  it('has only those of one state where that is asked for', async () => {
    const dead = aConnection({ ...aKey('bob'), state: 'needs_reauth', reason: 'grant_dead' });
    const ports = showing(aConnection(), dead);

    const { connections } = await listConnections(
      ports,
      { client: acme, state: 'needs_reauth' },
      everything,
    );

    expect(connections).toEqual([dead]);
  });

  it('has no revoked ones: they are deleted', async () => {
    const ports = showing(aConnection());
    ports.connections.put(aTombstone(aKey('bob')));

    expect(await listConnections(ports, { client: acme, state: 'revoked' }, everything)).toEqual({
      connections: [],
    });
    expect((await listConnections(ports, { client: acme }, everything)).connections).toHaveLength(
      1,
    );
  });

  it('has only those that its caller may read, and goes on behind the others', async () => {
    const ports = showing(...numbered(60));
    const mayRead = ({ connection }: ConnectionKey) => connection === 'c-007';

    const { connections, cursor } = await listConnections(ports, { client: acme }, mayRead);

    expect(connections).toEqual([aConnection(aKey('c-007'))]);
    expect(cursor).toEqual(expect.any(String));
  });

  it('of a client without connections is empty', async () => {
    expect(await listConnections(showing(), { client: acme }, everything)).toEqual({
      connections: [],
    });
  });

  it.each([undefined, 'active', 'revoked'] as const)(
    'of an unknown client is refused, whatever the state: %s',
    async (state) => {
      const listed = listConnections(
        showing(),
        { client: nobody, ...(state && { state }) },
        everything,
      );

      await expect(listed).rejects.toMatchObject({ code: 'UNKNOWN_CLIENT' });
    },
  );

  it('refuses a cursor of another list', async () => {
    const listed = listConnections(
      showing(...numbered(2)),
      { client: acme, cursor: 'nobody/x' },
      everything,
    );

    await expect(listed).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
