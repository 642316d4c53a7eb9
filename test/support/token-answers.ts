import type { RequestToken, TokenAnswer, TokenOutcome } from '../../lib/oauth/token-endpoint.ts';
import type { Client } from '../../lib/providers/client.ts';
import { Secret } from '../../lib/secret.ts';
import { at } from './connections.ts';
import { aMoment } from './moving-clock.ts';

/** What a token endpoint was asked. */
export interface AskedToken {
  readonly client: Client;
  readonly request: Parameters<RequestToken>[1];
  readonly timeoutMs: number;
}

/** An answer with both tokens, good for an hour; a test states only what matters to it. */
export function aTokenAnswer(overrides: Partial<TokenAnswer> = {}): TokenAnswer {
  return {
    accessToken: new Secret('access_token', 'access-1'),
    refreshToken: new Secret('refresh_token', 'refresh-1'),
    tokenType: 'Bearer',
    expiresAt: at(3600),
    expirySource: 'expires_in',
    values: {},
    obtainedAt: aMoment,
    ...overrides,
  };
}

/** The ending that hands over {@link aTokenAnswer}. */
export function aGrant(overrides: Partial<TokenAnswer> = {}): TokenOutcome {
  return { outcome: 'granted', answer: aTokenAnswer(overrides) };
}

/** A token endpoint that ends each request as the test says, and keeps what it was asked. */
export interface ScriptedTokenEndpoint {
  readonly requestToken: RequestToken;
  readonly asked: readonly AskedToken[];
  /** How requests end from now on. */
  readonly endWith: (ending: TokenOutcome | (() => Promise<TokenOutcome>)) => void;
}

export function scriptedTokenEndpoint(first: TokenOutcome = aGrant()): ScriptedTokenEndpoint {
  const asked: AskedToken[] = [];
  let ending: TokenOutcome | (() => Promise<TokenOutcome>) = first;
  return {
    asked,
    endWith: (next) => {
      ending = next;
    },
    requestToken: async (client, request, timeoutMs) => {
      asked.push({ client, request, timeoutMs });
      return typeof ending === 'function' ? ending() : ending;
    },
  };
}
