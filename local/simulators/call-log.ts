import type { Clock } from '../../lib/time.ts';
import type { Ending, SimulatedRequest } from './simulated-http.ts';
import type { RouteKind } from './vendor.ts';

/** One call as `GET /_control/log` tells it. Never holds a credential, or text a caller made up. */
export interface CallRecord {
  /** Epoch seconds. */
  readonly at: number;
  readonly kind: RouteKind;
  readonly method: string;
  readonly path: string;
  readonly grant_type?: string;
  /** 0: no answer was given. */
  readonly status: number;
  readonly outcome: string;
}

/** The latest calls of one vendor, in memory. */
export interface CallLog {
  record(kind: RouteKind, request: SimulatedRequest, ending: Ending): void;
  /** Oldest first. */
  list(): readonly CallRecord[];
  reset(): void;
}

const keptCalls = 10_000;
const knownGrantTypes = ['authorization_code', 'refresh_token', 'password', 'client_credentials'];

export function createCallLog(clock: Clock): CallLog {
  let calls: readonly CallRecord[] = [];
  return {
    record: (kind, request, ending) => {
      const grantType = kind === 'token' ? readGrantType(request) : undefined;
      const call: CallRecord = {
        at: clock.now(),
        kind,
        method: request.method,
        path: request.path,
        ...(grantType === undefined ? {} : { grant_type: grantType }),
        ...(typeof ending === 'string'
          ? { status: 0, outcome: ending }
          : { status: ending.status, outcome: ending.outcome }),
      };
      calls = [...calls.slice(1 - keptCalls), call];
    },
    list: () => calls,
    reset: () => {
      calls = [];
    },
  };
}

/** The grant asked for: by its name in a form, else by what a JSON body brings. */
function readGrantType({ mediaType, body }: SimulatedRequest): string | undefined {
  if (mediaType === 'application/json') {
    if (body.includes('"refreshToken"')) return 'refresh_token';
    return body.includes('"code"') ? 'authorization_code' : undefined;
  }
  const named = new URLSearchParams(body).get('grant_type');
  return knownGrantTypes.find((known) => known === named);
}
