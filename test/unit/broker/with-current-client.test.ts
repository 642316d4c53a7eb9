import { describe, expect, it } from 'vitest';
import { withCurrentClient } from '../../../lib/broker/with-current-client.ts';
import { Fault } from '../../../lib/fault.ts';
import type { ClientName } from '../../../lib/names.ts';
import { aClient } from '../../support/clients.ts';

const name = 'acme' as ClientName;

/** A registry that remembers `v1` while the registration is at `stored`. */
function remembering(stored: string) {
  const reads: boolean[] = [];
  return {
    reads,
    read: async (_: ClientName, { fresh = false } = {}) => {
      reads.push(fresh);
      return { ...aClient(), version: fresh ? stored : 'v1' };
    },
  };
}

describe('a client as it is remembered', () => {
  it('is used once where nothing fails', async () => {
    const clients = remembering('v2');

    expect(await withCurrentClient(clients, name, async ({ version }) => version)).toBe('v1');
    expect(clients.reads).toEqual([false]);
  });

  it.each([
    new Fault('REQUEST_INVALID', { problems: [] }),
    new Fault('CLIENT_CHANGED', { client: name, problems: [] }),
    new Fault('CLIENT_REFUSED', { client: name }),
  ])('gives way to a registration written since, after $code', async (fault) => {
    const used = await withCurrentClient(remembering('v2'), name, async ({ version }) => {
      if (version === 'v1') throw fault;
      return version;
    });

    expect(used).toBe('v2');
  });

  it('is used once where the registration is still the same', async () => {
    const uses: string[] = [];

    const using = withCurrentClient(remembering('v1'), name, async ({ version }) => {
      uses.push(version);
      throw new Fault('CLIENT_REFUSED', { client: name });
    });

    await expect(using).rejects.toMatchObject({ code: 'CLIENT_REFUSED' });
    expect(uses).toEqual(['v1']);
  });

  it('is not looked up again for what no registration is to blame for', async () => {
    const clients = remembering('v2');

    const using = withCurrentClient(clients, name, async () => {
      throw new Fault('PROVIDER_UNAVAILABLE', { client: name, trouble: 'timeout' });
    });

    await expect(using).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(clients.reads).toEqual([false]);
  });

  it('is not looked up again for what is no fault of ours, whatever its code', async () => {
    const clients = remembering('v2');

    const using = withCurrentClient(clients, name, async () => {
      throw Object.assign(new Error('of a library'), { code: 'CLIENT_REFUSED' });
    });

    await expect(using).rejects.toThrow('of a library');
    expect(clients.reads).toEqual([false]);
  });
});
