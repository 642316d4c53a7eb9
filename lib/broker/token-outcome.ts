import { Fault } from '../fault.ts';
import type { TokenAnswer, TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';

/**
 * The answer of a token request that somebody waits for.
 *
 * @param outcome - any ending but a refused grant, which means something else in each flow.
 * @throws {Fault} `CLIENT_REFUSED`, `PROVIDER_REFUSED_REQUEST`, `PROVIDER_UNAVAILABLE` or
 *   `PROVIDER_ANSWER_INVALID`.
 */
export function grantedAnswer(
  { name: client }: Client,
  outcome: Exclude<TokenOutcome, { outcome: 'grant_refused' }>,
): TokenAnswer {
  switch (outcome.outcome) {
    case 'granted':
      return outcome.answer;
    case 'client_refused':
      throw new Fault('CLIENT_REFUSED', { client });
    case 'request_refused':
      throw new Fault('PROVIDER_REFUSED_REQUEST', { client, error: outcome.error });
    case 'unavailable': {
      const { trouble, httpStatus, retryAfterSeconds } = outcome;
      throw new Fault('PROVIDER_UNAVAILABLE', {
        client,
        trouble,
        ...(httpStatus !== undefined && { httpStatus }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      });
    }
    case 'answer_invalid': {
      const { trouble, httpStatus } = outcome;
      throw new Fault('PROVIDER_ANSWER_INVALID', { client, trouble, httpStatus });
    }
    default:
      return outcome satisfies never;
  }
}
