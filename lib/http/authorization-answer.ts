import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AuthorizationBeginning } from '../broker/begin-authorization.ts';
import { browserHeaders, strayPage } from './page.ts';
import type { Words } from './page-texts.ts';
import { writeTransactionCookie } from './transaction-cookie.ts';

/** Sends the browser to the provider with its transaction's cookie, or says why it goes nowhere. */
export function authorizationAnswer(
  beginning: AuthorizationBeginning,
  { publicBaseUrl, words }: { readonly publicBaseUrl: string; readonly words: Words },
): APIGatewayProxyStructuredResultV2 {
  if (beginning.outcome === 'no_session') {
    return strayPage(words, { name: 'link_expired', statusCode: 404, tone: 'plain' });
  }
  return {
    statusCode: 302,
    headers: { ...browserHeaders, location: beginning.location },
    cookies: [writeTransactionCookie(beginning.cookie, publicBaseUrl)],
    body: '',
  };
}
