import { expect, it } from 'vitest';
import { assertPinned, pinClient } from '../../../lib/broker/pinned-client.ts';
import type { Connection } from '../../../lib/broker/ports.ts';
import { repinConnection } from '../../../lib/broker/repin-connection.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aConnection, aKey, aTombstone } from '../../support/connections.ts';
import { memoryConnectionStore } from '../../support/memory-connection-store.ts';

const moved = aClient({
  clientId: 'client-2',
  definition: aDefinition({ token: { url: 'https://new.example.com/token' } }),
});

it('pins the registration as it is now, so that credentials are sent again', async () => {
  const connections = memoryConnectionStore([aConnection()]);
  expect(() => assertPinned(moved, aConnection())).toThrow();

  expect(await repinConnection({ connections }, aKey(), moved)).toBe('repinned');

  const row = connections.rows.get('acme/ann') as Connection;
  expect(() => assertPinned(moved, row)).not.toThrow();
  expect(row).toEqual({ ...aConnection(), ...pinClient(moved) });
});

it('takes away an origin that is no longer used', async () => {
  const wide = aConnection({ origins: ['https://as.example.com', 'https://old.example.com'] });
  const connections = memoryConnectionStore([wide]);

  expect(await repinConnection({ connections }, aKey(), aClient())).toBe('repinned');

  expect(connections.rows.get('acme/ann')).toMatchObject({ origins: ['https://as.example.com'] });
});

it('leaves alone what is pinned so already, and what is deleted', async () => {
  const connections = memoryConnectionStore([aConnection()]);

  expect(await repinConnection({ connections }, aKey(), aClient())).toBe('as_pinned');
  connections.put(aTombstone());
  expect(await repinConnection({ connections }, aKey(), moved)).toBe('gone');
});

it('looks again when a refresh came in between, and gives up when they do not end', async () => {
  const connections = memoryConnectionStore([aConnection()]);
  let others = 1;
  let fence = 1;
  const restless = {
    ...connections,
    repin: async (...given: Parameters<typeof connections.repin>) => {
      if (others > 0) {
        fence += 1;
        connections.put(aConnection({ fence }));
      }
      others -= 1;
      return connections.repin(...given);
    },
  };

  expect(await repinConnection({ connections: restless }, aKey(), moved)).toBe('repinned');
  connections.put(aConnection());
  others = 9;
  expect(await repinConnection({ connections: restless }, aKey(), moved)).toBe('busy');
});
