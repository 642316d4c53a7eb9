import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AuthorizationBeginning } from '../broker/begin-authorization.ts';
import { browserHeaders, pageResponse } from './page.ts';
import { writeTransactionCookie } from './transaction-cookie.ts';

/** Sends the browser to the provider with its transaction's cookie, or says why it goes nowhere. */
export function authorizationAnswer(
  beginning: AuthorizationBeginning,
  publicBaseUrl: string,
): APIGatewayProxyStructuredResultV2 {
  if (beginning.outcome === 'no_session') {
    return pageResponse({
      statusCode: 404,
      tone: 'plain',
      title: 'This link is no longer good',
      text: 'Links to connect an account work for half an hour. Please ask for a new one where you got this one.',
    });
  }
  return {
    statusCode: 302,
    headers: { ...browserHeaders, location: beginning.location },
    cookies: [writeTransactionCookie(beginning.cookie, publicBaseUrl)],
    body: '',
  };
}
