import { describe, expect, it } from 'vitest';
import {
  grantedWithoutRotation,
  oldCredential,
  passwordCredential,
  refreshWorld,
  refused,
} from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

type World = ReturnType<typeof refreshWorld>;

const grantTypes = ({ calls }: World) => calls.map(({ grantType }) => grantType);
const clientCredentials = { clientCredentials: true };

describe('a credential that the client’s registration offers no grant for', () => {
  it.each([
    ['password', passwordCredential],
    ['client_credentials', clientCredentials],
  ])('is not sent: %s', async (_, credential) => {
    const world = refreshWorld({
      credential: { ...oldCredential, ...credential },
      definition: { grants: { authorization_code: {}, refresh_token: {} } },
      answers: [refused],
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'needs_reauth' });
    expect(grantTypes(world)).toEqual(['refresh_token']);
  });
});

describe('a login in the place of a refresh token', () => {
  it.each([
    ['password', passwordCredential],
    ['client_credentials', clientCredentials],
  ])('asks for the scope in force, and for none where none is known: %s', async (_, credential) => {
    const scoped = refreshWorld({ credential, answers: [grantedWithoutRotation()] });
    const unscoped = refreshWorld({ credential, answers: [grantedWithoutRotation()] });
    unscoped.connections.put(without(unscoped.row(), 'scope'));

    await scoped.refresh();
    await unscoped.refresh();

    expect(scoped.calls).toMatchObject([{ scope: 'read' }]);
    expect(unscoped.calls).toHaveLength(1);
    expect(unscoped.calls[0]).not.toHaveProperty('scope');
  });
});
