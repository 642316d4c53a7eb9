import type {
  AuthorizationPlan,
  ConnectSession,
  PendingAuthorization,
} from '../../lib/broker/ports.ts';
import { aKey, at } from './connections.ts';

/** A plan that is valid in every respect; a test states only what matters to it. */
export function aPlan(overrides: Partial<AuthorizationPlan> = {}): AuthorizationPlan {
  return {
    ...aKey(),
    clientId: 'client-id',
    origins: ['https://as.example.com'],
    tokenEndpoint: 'https://as.example.com/token',
    redirectUri: 'https://evergrant.example.com/callback/acme',
    params: {},
    confirm: false,
    allowAccountSwitch: false,
    pkce: true,
    ...overrides,
  };
}

/** A connect session of 30 minutes. */
export function aConnectSession(overrides: Partial<ConnectSession> = {}): ConnectSession {
  return {
    sessionHash: 'a'.repeat(64),
    expiresAt: at(1800),
    authorization: {
      url: 'https://as.example.com/authorize?response_type=code&client_id=client-id',
      stateName: 'state',
      pkce: { challengeName: 'code_challenge', methodName: 'code_challenge_method' },
    },
    plan: aPlan(),
    ...overrides,
  };
}

/** A pending authorization of ten minutes. */
export function aPendingAuthorization(
  overrides: Partial<PendingAuthorization> = {},
): PendingAuthorization {
  return {
    stateHash: 'b'.repeat(64),
    cookieHash: 'd'.repeat(64),
    expiresAt: at(600),
    plan: aPlan(),
    ...overrides,
  };
}
