import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { beginAuthorization } from '../../../lib/broker/begin-authorization.ts';
import type { PendingAuthorization } from '../../../lib/broker/ports.ts';
import { deriveCodeVerifier } from '../../../lib/oauth/authorization-request.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { at } from '../../support/connections.ts';
import { beginSession, type Connecting, connecting, visit } from '../../support/redirect-flow.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Follows a link and answers what was stored of the visit, too. */
async function visitAndSee(ports: Connecting) {
  const stored: PendingAuthorization[] = [];
  ports.sessions.replace('putAuthorization', async (pending) => {
    stored.push(pending);
  });
  const seen = await visit(ports, await beginSession(ports));
  const [[label = '', cookie = ''] = []] = [...seen.cookies];
  return { ...seen, label, cookie, stored: stored[0] };
}

it('sends the browser on with a state of 256 random bits', async () => {
  const ports = connecting();
  const session = await beginSession(ports);

  const first = await visit(ports, session);
  const second = await visit(ports, session);

  expect(Buffer.from(first.state, 'base64url')).toHaveLength(32);
  expect(second.state).not.toBe(first.state);
  expect(first.location.origin).toBe('https://as.example.com');
});

it('stores hashes of state and cookie, and the values nowhere', async () => {
  const { state, cookie, stored } = await visitAndSee(connecting());

  expect(stored).toMatchObject({ stateHash: sha256(state), cookieHash: sha256(cookie) });
  const text = JSON.stringify(stored);
  expect(text).not.toContain(state);
  expect(text).not.toContain(cookie);
  expect(text).not.toContain(deriveCodeVerifier(new Secret('cookie', cookie)).reveal());
});

it('gives the person ten minutes at the provider', async () => {
  const { stored } = await visitAndSee(connecting());

  expect(stored?.expiresAt).toBe(at(600));
});

it('sends the S256 challenge of a verifier that only the cookie can give back (RFC 7636 §4.2)', async () => {
  const { location, cookie } = await visitAndSee(connecting());

  const verifier = deriveCodeVerifier(new Secret('cookie', cookie)).reveal();
  expect(location.searchParams.get('code_challenge')).toBe(sha256(verifier));
  expect(location.searchParams.get('code_challenge_method')).toBe('S256');
});

it('sends no challenge where the definition says that the provider refuses it', async () => {
  const authorize = { url: 'https://as.example.com/authorize', pkce: false };
  const ports = connecting(aClient({ definition: aDefinition({ authorize }) }));

  const { location } = await visit(ports, await beginSession(ports));

  expect([...location.searchParams.keys()].filter((name) => /challenge/.test(name))).toEqual([]);
});

it('names the cookie after the transaction and gives nothing of the state away', async () => {
  const { state, label } = await visitAndSee(connecting());

  expect(label).toMatch(/^[A-Za-z0-9_-]{16}$/);
  expect(sha256(state)).not.toContain(label);
  expect(state).not.toContain(label);
});

it('gives two tabs two cookies', async () => {
  const ports = connecting();
  const session = await beginSession(ports);

  const one = await visit(ports, session);
  const other = await visit(ports, session);

  expect([...one.cookies.keys()]).not.toEqual([...other.cookies.keys()]);
  expect([...one.cookies.values()]).not.toEqual([...other.cookies.values()]);
});

it('does not consume the session: link scanners follow links too', async () => {
  const ports = connecting();
  const session = await beginSession(ports);

  for (let round = 0; round < 3; round += 1) {
    expect(await beginAuthorization(ports, session)).toMatchObject({ outcome: 'redirect' });
  }
});

it('knows a session until its last second, and not after', async () => {
  const ports = connecting();
  const session = await beginSession(ports);

  await ports.clock.advance(1_799_000);
  expect(await beginAuthorization(ports, session)).toMatchObject({ outcome: 'redirect' });
  await ports.clock.advance(1000);
  expect(await beginAuthorization(ports, session)).toEqual({ outcome: 'no_session' });
});

it.each([undefined, '', 'x', 'a'.repeat(43), 'a'.repeat(9000), `${'a'.repeat(42)}\n`, '../../etc'])(
  'goes nowhere with the session %j',
  async (session) => {
    const ports = connecting();
    await beginSession(ports);

    expect(await beginAuthorization(ports, session)).toEqual({ outcome: 'no_session' });
  },
);

it('looks nothing up for a session that is malformed', async () => {
  const ports = connecting();
  ports.sessions.replace('readSession', async () => {
    throw new Error('the store was asked');
  });

  expect(await beginAuthorization(ports, 'malformed')).toEqual({ outcome: 'no_session' });
});
