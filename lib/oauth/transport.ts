import type { ProviderTrouble } from '../fault.ts';

export interface ProviderRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Lower-case names. May carry credentials: never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ProviderResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request to a provider and reads the whole answer. Follows no redirect.
 *
 * @param timeoutMs - the deadline over name resolution, connect, headers and body.
 * @throws {TransportError} for everything but an answer.
 */
export type Transport = (request: ProviderRequest, timeoutMs: number) => Promise<ProviderResponse>;

/** Why there is no answer. Carries nothing of the request and nothing that the provider wrote. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly trouble: ProviderTrouble;
  /** Whether the provider may have received the request: false only if surely no byte was sent. */
  readonly sent: boolean;

  constructor(trouble: ProviderTrouble, sent: boolean) {
    super(`no answer: ${trouble}`);
    this.trouble = trouble;
    this.sent = sent;
  }
}
