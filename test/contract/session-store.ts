import { describe, expect, it } from 'vitest';
import type { SessionStore } from '../../lib/broker/ports.ts';
import { at } from '../support/connections.ts';
import { aConnectSession, aPendingAuthorization, aPlan } from '../support/sessions.ts';

const sessionHash = 'a'.repeat(64);
const stateHash = 'b'.repeat(64);
const cookieHash = 'd'.repeat(64);

/** The promises of `SessionStore`, for any implementation of it to be held to. */
export function sessionStoreContract(name: string, emptyStore: () => Promise<SessionStore>): void {
  describe(`SessionStore, connect sessions: ${name}`, () => {
    it('reads a session as it was put, and again: it is not consumed', async () => {
      const store = await emptyStore();
      const session = aConnectSession({
        plan: aPlan({
          issuer: 'https://as.example.com',
          scope: 'read',
          returnUrl: 'https://app.example.com/connected',
          params: { userId: 'u1' },
          confirm: true,
          allowAccountSwitch: true,
          pkce: false,
        }),
      });
      await store.putSession(session);

      expect(await store.readSession(sessionHash, at(0))).toEqual(session);
      expect(await store.readSession(sessionHash, at(0))).toEqual(session);
    });

    it.each([
      ['without PKCE', undefined],
      [
        'with PKCE and no name for its method',
        { challengeName: 'challenge', methodName: false as const },
      ],
    ])('reads back an authorization request %s', async (_, pkce) => {
      const store = await emptyStore();
      const { url, stateName } = aConnectSession().authorization;
      const session = aConnectSession({
        authorization: { url, stateName, ...(pkce && { pkce }) },
      });
      await store.putSession(session);

      expect(await store.readSession(sessionHash, at(0))).toEqual(session);
    });

    it('reads a session one second before its end, and not at its end', async () => {
      const store = await emptyStore();
      await store.putSession(aConnectSession({ expiresAt: at(1800) }));

      expect(await store.readSession(sessionHash, at(1799))).toBeDefined();
      expect(await store.readSession(sessionHash, at(1800))).toBeUndefined();
    });

    it('reads nothing under an unknown hash, nor a session under a state', async () => {
      const store = await emptyStore();
      await store.putSession(aConnectSession());

      expect(await store.readSession('e'.repeat(64), at(0))).toBeUndefined();
      expect(await store.takeAuthorization(sessionHash, cookieHash, at(0))).toBeUndefined();
    });
  });

  describe(`SessionStore, pending authorizations: ${name}`, () => {
    it('gives one to one of a hundred, as it was put', async () => {
      const store = await emptyStore();
      await store.putAuthorization(aPendingAuthorization());

      const taken = await Promise.all(
        Array.from({ length: 100 }, () => store.takeAuthorization(stateHash, cookieHash, at(1))),
      );

      expect(taken.filter((pending) => pending !== undefined)).toEqual([aPendingAuthorization()]);
    });

    it('gives nothing for a wrong cookie, and consumes nothing', async () => {
      const store = await emptyStore();
      await store.putAuthorization(aPendingAuthorization());

      expect(await store.takeAuthorization(stateHash, 'e'.repeat(64), at(1))).toBeUndefined();
      expect(await store.takeAuthorization(stateHash, cookieHash, at(1))).toBeDefined();
    });

    it('gives one a second before its end, and none at its end', async () => {
      const store = await emptyStore();
      await store.putAuthorization(aPendingAuthorization({ expiresAt: at(600) }));

      expect(await store.takeAuthorization(stateHash, cookieHash, at(600))).toBeUndefined();
      expect(await store.takeAuthorization(stateHash, cookieHash, at(599))).toBeDefined();
    });

    it('gives nothing for an unknown state', async () => {
      const store = await emptyStore();

      expect(await store.takeAuthorization('e'.repeat(64), cookieHash, at(0))).toBeUndefined();
    });
  });
}
