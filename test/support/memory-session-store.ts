import type { ConnectSession, PendingAuthorization, SessionStore } from '../../lib/broker/ports.ts';

/** A `SessionStore` in two `Map`s. */
export function memorySessionStore(): SessionStore {
  const sessions = new Map<string, ConnectSession>();
  const authorizations = new Map<string, PendingAuthorization>();
  return {
    putSession: async (session) => {
      sessions.set(session.sessionHash, session);
    },
    readSession: async (sessionHash, now) => {
      const session = sessions.get(sessionHash);
      return session && session.expiresAt > now ? session : undefined;
    },
    putAuthorization: async (pending) => {
      authorizations.set(pending.stateHash, pending);
    },
    takeAuthorization: async (stateHash, cookieHash, now) => {
      const pending = authorizations.get(stateHash);
      if (!pending || pending.cookieHash !== cookieHash || pending.expiresAt <= now) {
        return undefined;
      }
      authorizations.delete(stateHash);
      return pending;
    },
  };
}
