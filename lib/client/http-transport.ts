import type { SignHttp } from './sign-http.ts';
import {
  memberOf,
  parseJson,
  type Reply,
  type Transport,
  unreachable,
  vendMessage,
} from './transport.ts';

export interface HttpTransportPorts {
  /** Origin of the HTTP API, and its path if it has one. */
  readonly baseUrl: URL;
  readonly sign: SignHttp;
  readonly fetch: typeof globalThis.fetch;
}

/** `POST /connections/{client}/{connection}/token`, signed. */
export function httpTransport(ports: HttpTransportPorts): Transport {
  return {
    ask: async (request, timeoutMs) => {
      const signal = AbortSignal.timeout(Math.max(0, Math.floor(timeoutMs)));
      const url = new URL(ports.baseUrl);
      // Names are of characters that stand in a path as they are.
      const path = `connections/${request.client}/${request.connection}/token`;
      url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`;
      const body = vendMessage(request);
      const headers = await ports.sign({ url, body }).catch(() => undefined);
      if (!headers) return unreachable('credentials', false);
      try {
        const init = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
        return await readResponse(await ports.fetch(url, init));
      } catch {
        return signal.aborted ? unreachable('timeout', false) : unreachable('network', true);
      }
    },
  };
}

/** API Gateway refuses in its own shape, `{ "message" }`, the broker in the interface's. */
async function readResponse(response: Response): Promise<Reply> {
  const message = parseJson(await response.text());
  const { status } = response;
  const isOfBroker = response.ok || typeof memberOf(message, 'error') === 'string';
  if (message !== undefined && isOfBroker) return { outcome: 'answered', message };
  if (status === 401 || status === 403) return { outcome: 'denied' };
  if (status === 404) return unreachable('not_found', false);
  if (status === 429) return unreachable('throttled', true);
  return status >= 500 ? unreachable('service_error', true) : unreachable('unusable_answer', false);
}
