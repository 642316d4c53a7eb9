import type { IncomingHttpHeaders } from 'node:http';
import { type Reply, type RunningServer, startHttpServer } from '../../local/http-server.ts';

/** A request as the provider saw it. */
export interface ProviderCall {
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
}

/** An authorization server over real HTTP that answers as a test says. */
export interface ScriptedProvider extends RunningServer {
  readonly calls: readonly ProviderCall[];
  /** How requests are answered from now on. */
  readonly answerWith: (answer: (call: ProviderCall) => Reply) => void;
}

/** An answer with a JSON body. */
export function jsonReply(body: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** A token answer (RFC 6749 §5.1), good for an hour. */
export function tokenReply(overrides: Readonly<Record<string, unknown>> = {}): Reply {
  return jsonReply({
    access_token: 'access-1',
    refresh_token: 'refresh-1',
    token_type: 'Bearer',
    expires_in: 3600,
    ...overrides,
  });
}

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const calls: ProviderCall[] = [];
  let answer: (call: ProviderCall) => Reply = () => tokenReply();
  const server = await startHttpServer(
    (request, body) => {
      const form = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
      const call = { path: request.url ?? '', form, headers: request.headers };
      calls.push(call);
      return answer(call);
    },
    { port: 0, maxBodyBytes: 64 * 1024 },
  );
  return {
    ...server,
    calls,
    answerWith: (next) => {
      answer = next;
    },
  };
}

/** A registration at such a provider, as its operator writes it. */
export function registrationAt(
  providerUrl: string,
  overrides: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    provider: 'oauth2',
    client_id: 'client-id',
    client_secret: 'client-secret',
    return_urls: ['https://app.example.com/connected'],
    provider_overrides: {
      authorize: { url: `${providerUrl}/authorize` },
      token: { url: `${providerUrl}/token` },
      revoke: { url: `${providerUrl}/revoke` },
    },
    ...overrides,
  };
}
