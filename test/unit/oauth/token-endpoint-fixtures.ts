import { parseClientName } from '../../../lib/names.ts';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import {
  type ProviderRequest,
  type ProviderResponse,
  type Transport,
  TransportError,
} from '../../../lib/oauth/transport.ts';
import type { Client } from '../../../lib/providers/client.ts';
import type { Json } from '../../../lib/providers/merge-patch.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';
import { Secret } from '../../../lib/secret.ts';
import { type Clock, epochSeconds } from '../../../lib/time.ts';

/** The instant at which every request of these tests is sent. */
export const sentAt = epochSeconds(1_700_000_000);

/** A clock that stands still at {@link sentAt}; its monotonic side is moved by `passMs`. */
export function aClock(): Clock & { readonly passMs: (ms: number) => void } {
  let elapsedMs = 0;
  return {
    now: () => sentAt,
    nowMs: () => sentAt * 1000,
    monotonicMs: () => elapsedMs,
    sleep: async () => undefined,
    passMs: (ms) => {
      elapsedMs += ms;
    },
  };
}

/** A plain RFC 6749 provider at `https://as.example`, but for what the test says. */
export function aClient(
  given: {
    readonly definition?: Readonly<Record<string, Json>>;
    readonly registration?: Readonly<Record<string, Json>>;
  } = {},
): Client {
  const definition = {
    name: 'example',
    title: 'Example',
    documentation: 'https://as.example/docs',
    authorize: { url: 'https://as.example/authorize' },
    token: { url: 'https://as.example/token' },
    grants: { authorization_code: {}, refresh_token: {}, password: {}, client_credentials: {} },
    ...given.definition,
  };
  return aClientOf('example', { client_secret: 's3cret', ...given.registration }, [definition]);
}

/** A client of one of the definitions that come with the software, or of one given. */
export function aClientOf(
  provider: string,
  registration: Readonly<Record<string, Json>>,
  definitions?: readonly { readonly name: string }[],
): Client {
  const secretText = JSON.stringify({ provider, client_id: 'our-id', ...registration });
  const name = parseClientName('example-acme');
  return definitions
    ? resolveClient(
        name,
        secretText,
        'v1',
        new Map(definitions.map((one) => [one.name, one as Json])),
      )
    : resolveClient(name, secretText, 'v1');
}

/** Answers in turn, or fails; remembers what it was asked. */
export function scriptedTransport(
  ...script: readonly (ProviderResponse | TransportError)[]
): Transport & { readonly requests: ProviderRequest[]; readonly timeouts: number[] } {
  const requests: ProviderRequest[] = [];
  const timeouts: number[] = [];
  const transport: Transport = async (request, timeoutMs) => {
    requests.push(request);
    timeouts.push(timeoutMs);
    const answer = script[requests.length - 1];
    if (answer === undefined) throw new Error('asked more often than the script says');
    if (answer instanceof TransportError) throw answer;
    return answer;
  };
  return Object.assign(transport, { requests, timeouts });
}

/** An answer with a JSON body. */
export function json(body: unknown, given: Partial<ProviderResponse> = {}): ProviderResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...given,
  };
}

/** An answer whose body is text of some other kind. */
export function text(
  body: string,
  contentType: string,
  given: Partial<ProviderResponse> = {},
): ProviderResponse {
  return { status: 200, headers: { 'content-type': contentType }, body, ...given };
}

/** How a refresh ends that is answered so. */
export function refreshAnswered(response: ProviderResponse, client: Client = aClient()) {
  const requestToken = tokenRequester({ transport: scriptedTransport(response), clock: aClock() });
  const refreshToken = new Secret('refresh_token', 'r-0');
  return requestToken(client, { grantType: 'refresh_token', refreshToken, params: {} }, 1000);
}

/** The token answer of a refresh that is answered so. */
export async function grantedAnswer(response: ProviderResponse, client?: Client) {
  const outcome = await refreshAnswered(response, client);
  if (outcome.outcome !== 'granted') throw new Error(`ended as ${JSON.stringify(outcome)}`);
  return outcome.answer;
}

/** The least that RFC 6749 §5.1 lets an answer have. */
export const bearer = { access_token: 'a-1', token_type: 'Bearer' };
