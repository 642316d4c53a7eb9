import { describe, expect, it } from 'vitest';
import type { ClientRegistry } from '../../lib/broker/ports.ts';
import { aKey } from '../support/connections.ts';

const { client } = aKey();

/** A registry, and the operator's hands on it. */
export interface RegistryUnderTest {
  readonly registry: ClientRegistry;
  /** Writes the registration of `acme`, a client of a provider that does as RFC 6749 says. */
  readonly register: (clientId: string) => Promise<void>;
  readonly unregister: () => Promise<void>;
}

/** The promises of `ClientRegistry`, for any implementation of it to be held to. */
export function clientRegistryContract(
  name: string,
  emptyRegistry: () => Promise<RegistryUnderTest>,
): void {
  describe(`ClientRegistry: ${name}`, () => {
    it('reads a client as it is registered', async () => {
      const { registry, register } = await emptyRegistry();
      await register('id-1');

      const found = await registry.read(client);

      expect(found).toMatchObject({ name: 'acme', clientId: 'id-1' });
      expect(found.secrets.map((secret) => secret.reveal())).toEqual(['secret-of-id-1']);
    });

    it('does not know a client that is not registered, nor one that no longer is', async () => {
      const { registry, register, unregister } = await emptyRegistry();
      const unknown = { code: 'UNKNOWN_CLIENT', context: { client: 'acme' } };
      await expect(registry.read(client)).rejects.toMatchObject(unknown);
      await register('id-1');
      expect((await registry.read(client)).clientId).toBe('id-1');

      await unregister();

      await expect(registry.read(client, { fresh: true })).rejects.toMatchObject(unknown);
    });

    it('knows a client at once when it is registered', async () => {
      const { registry, register } = await emptyRegistry();
      await expect(registry.read(client)).rejects.toMatchObject({ code: 'UNKNOWN_CLIENT' });

      await register('id-1');

      expect((await registry.read(client)).clientId).toBe('id-1');
    });

    it('reads the newest registration, with another version, when asked afresh', async () => {
      const { registry, register } = await emptyRegistry();
      await register('id-1');
      const before = await registry.read(client);
      await register('id-2');

      const after = await registry.read(client, { fresh: true });

      expect(after.clientId).toBe('id-2');
      expect(after.version).not.toBe(before.version);
    });
  });
}
