import { askJson } from './json-call.ts';
import type { FamilyState, Grant } from './strict-ledger.ts';

/** How the provider treats the token requests of one client. */
export interface Behaviour {
  readonly latency_ms: number;
  /**
   * When it replaces a refresh token: as soon as the request has come, when it answers, or when it
   * answers if somebody is still there to hear it.
   */
  readonly replaces: 'on_arrival' | 'when_answering' | 'if_heard';
  /** Life of an access token in seconds. */
  readonly expires_in: number;
  /** Answers only once it is told to. */
  readonly holds?: boolean;
}

/** One request at the token endpoint. Instants are milliseconds since 1970. */
export interface TokenCall {
  readonly client: string;
  readonly family: string;
  /** Which refresh token it brought: its family and number. */
  readonly token: string;
  readonly came_at_ms: number;
  readonly answered_at_ms?: number;
  /** Whether another request with the same token was not answered yet. */
  readonly overlapped: boolean;
  readonly outcome: 'answered' | 'replaced_unheard' | 'abandoned' | 'refused';
}

/** A process to kill so many milliseconds after the next answer to this family went out. */
export interface Kill {
  readonly family: string;
  readonly pid: number;
  readonly after_ms: number;
}

/** What the measurement may ask of the provider beside its protocol. */
export function providerControl(url: string) {
  const ask = <Answer>(name: string, message: object = {}) =>
    askJson<Answer>(`${url}/control/${name}`, message);
  return {
    tokenEndpoint: (client: string) => `${url}/${client}/token`,
    /** Where browsers would be sent to: nothing answers there. */
    authorizationEndpoint: (client: string) => `${url}/${client}/authorize`,
    revocationEndpoint: (client: string) => `${url}/${client}/revoke`,
    /** @param tokenBytes - how many random bytes a refresh token has; 16 where it is not said. */
    issue: (families: readonly string[], tokenBytes?: number) =>
      ask<readonly Grant[]>('issue', { families, token_bytes: tokenBytes }),
    behave: (client: string, behaviour: Behaviour) => ask('behave', { client, ...behaviour }),
    killAfterAnswer: (kill: Kill) => ask('kill', kill),
    /** How many milliseconds after the answer the process of each family was killed. */
    strikes: () => ask<Readonly<Record<string, number>>>('strikes'),
    /** Takes such an order back: the process id may be another's by the next answer. */
    spare: (family: string) => ask('spare', { family }),
    calls: (client: string) => ask<readonly TokenCall[]>('calls', { client }),
    /** Successful refreshes by client. */
    counts: () => ask<Readonly<Record<string, number>>>('count'),
    states: (families: readonly string[]) => ask<readonly FamilyState[]>('states', { families }),
    /** How many requests wait to be released. */
    held: (client: string) => ask<number>('held', { client }),
    release: (client: string) => ask('release', { client }),
  };
}

export type ProviderControl = ReturnType<typeof providerControl>;
