import { expect, it } from 'vitest';
import { assertPinned, pinClient } from '../../../lib/broker/pinned-client.ts';
import { aClient, aDefinition } from '../../support/clients.ts';

const revoke = { url: 'https://revoke.example.com/revoke' };

it('pins the client id and every origin that is sent credentials', () => {
  expect(pinClient(aClient({ definition: aDefinition({ revoke }) }))).toEqual({
    clientId: 'client-id',
    origins: ['https://as.example.com', 'https://revoke.example.com'],
  });
});

it('lets a client pass that is as it was', () => {
  expect(() => assertPinned(aClient(), pinClient(aClient()))).not.toThrow();
});

it('lets a client pass that has fewer endpoints than before', () => {
  const before = pinClient(aClient({ definition: aDefinition({ revoke }) }));

  expect(() => assertPinned(aClient(), before)).not.toThrow();
});

it.each([
  ['client_id', aClient({ clientId: 'another' }), 'client_id is not the one pinned'],
  [
    'token endpoint',
    aClient({ definition: aDefinition({ token: { url: 'https://evil.example/token' } }) }),
    'https://evil.example is not one of the origins pinned',
  ],
  [
    'endpoint of one grant',
    aClient({
      definition: aDefinition({ grants: { refresh_token: { url: 'https://evil.example/r' } } }),
    }),
    'https://evil.example is not one of the origins pinned',
  ],
  [
    'port',
    aClient({ definition: aDefinition({ token: { url: 'https://as.example.com:8443/token' } }) }),
    'https://as.example.com:8443 is not one of the origins pinned',
  ],
  [
    'revocation endpoint',
    aClient({ definition: aDefinition({ revoke }) }),
    'https://revoke.example.com is not one of the origins pinned',
  ],
])('stops a client whose %s changed, naming it', (_what, client, problem) => {
  expect(() => assertPinned(client, pinClient(aClient()))).toThrow(
    expect.objectContaining({
      code: 'CLIENT_CHANGED',
      context: { client: 'acme', problems: [problem] },
    }),
  );
});
