import type { CustomFetchOptions } from 'oauth4webapi';
import {
  type ProviderRequest,
  type ProviderResponse,
  type Transport,
  TransportError,
} from './transport.ts';
import { buildWireRequest, type RequestDialect, type StandardRequest } from './wire-request.ts';

/** One endpoint of a provider, as one request sees it. */
export interface DialectEndpoint {
  readonly dialect: RequestDialect;
  /** Turns the answer into a standard one, or throws `UnusableAnswer`. */
  readonly readResponse: (response: ProviderResponse) => Response;
}

/** What stands in the place of `fetch` for the protocol library. */
export type StandardFetch = (
  url: string,
  options: CustomFetchOptions<'POST', URLSearchParams>,
) => Promise<Response>;

/**
 * The border between RFC 6749 and a provider's dialect: what the protocol library wants to send is
 * translated, sent, and the answer translated back. No other place knows of dialects.
 *
 * @param timeoutMs - the deadline over everything.
 * @returns a function that rejects with `TransportError` or `UnusableAnswer`, and nothing else.
 */
export function dialectFetch(
  { dialect, readResponse }: DialectEndpoint,
  transport: Transport,
  timeoutMs: number,
): StandardFetch {
  return async (_url, { body, headers }) => {
    const request = translate({ parameters: body, headers }, dialect);
    return readResponse(await send(transport, request, timeoutMs));
  };
}

/** A platform's error quotes the header or the URL that it refuses, so it goes no further. */
function translate(request: StandardRequest, dialect: RequestDialect): ProviderRequest {
  try {
    return buildWireRequest(request, dialect);
  } catch {
    throw new TransportError('malformed', false);
  }
}

/** Whatever else a transport throws may quote the request, and leaves open what was sent. */
async function send(
  transport: Transport,
  request: ProviderRequest,
  timeoutMs: number,
): Promise<ProviderResponse> {
  try {
    return await transport(request, timeoutMs);
  } catch (error) {
    throw error instanceof TransportError ? error : new TransportError('network', true);
  }
}
