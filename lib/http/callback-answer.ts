import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AuthorizationEnding, ReturnError } from '../broker/complete-authorization.ts';
import { browserHeaders, type Page, pageResponse } from './page.ts';
import { expireTransactionCookie } from './transaction-cookie.ts';

/**
 * What the browser gets when a flow has ended: back to the application, or a plain page.
 *
 * The return URL was fixed when the flow began; it is given the connection and an ending from a
 * fixed list, and nothing that the provider or the browser said.
 */
export function callbackAnswer(
  ending: AuthorizationEnding,
  publicBaseUrl: string,
): APIGatewayProxyStructuredResultV2 {
  if (!('plan' in ending)) return pageResponse(pageWithoutFlow[ending.status]);
  const { plan, status } = ending;
  const cookies = [expireTransactionCookie(ending.cookieLabel, publicBaseUrl)];
  if (plan.returnUrl === undefined) return { ...pageResponse(endingPage(ending)), cookies };
  const url = new URL(plan.returnUrl);
  url.searchParams.set('client', plan.client);
  url.searchParams.set('connection', plan.connection);
  url.searchParams.set('status', status);
  if ('error' in ending) url.searchParams.set('error', ending.error);
  if (status === 'confirm') url.searchParams.set('completion', ending.completion.reveal());
  return { statusCode: 302, headers: { ...browserHeaders, location: url.href }, cookies, body: '' };
}

const pageWithoutFlow: Readonly<Record<'not_pending' | 'malformed', Page>> = {
  not_pending: {
    statusCode: 400,
    tone: 'plain',
    title: 'This link was already used',
    text: 'It works once, for ten minutes, in the browser that began. If the connection is not there yet, start again from the application.',
  },
  malformed: {
    statusCode: 400,
    tone: 'bad',
    title: 'This is not an answer we can read',
    text: 'Please start again from the application that sent you here.',
  },
};

function endingPage(ending: Extract<AuthorizationEnding, { plan: unknown }>): Page {
  const facts = { Connection: `${ending.plan.client}/${ending.plan.connection}` };
  switch (ending.status) {
    case 'connected':
    case 'confirm':
      return {
        statusCode: 200,
        tone: 'good',
        title: 'Connected',
        text: 'You can close this window.',
        facts,
      };
    case 'denied':
      return {
        statusCode: 200,
        tone: 'plain',
        title: 'Not connected',
        text: 'Access was declined, and nothing was stored. You can close this window.',
        facts,
      };
    case 'failed':
      return {
        statusCode: failureStatus[ending.error] ?? 502,
        tone: 'bad',
        title: 'Not connected',
        text: failureText[ending.error],
        facts: { ...facts, Reason: ending.error },
      };
    default:
      return ending satisfies never;
  }
}

const failureStatus: Readonly<Partial<Record<ReturnError, number>>> = {
  access_denied: 200,
  account_mismatch: 409,
  expired: 400,
  server_error: 503,
};

const again = 'Please start again from the application.';
const failureText: Readonly<Record<ReturnError, string>> = {
  access_denied: 'Access was declined, and nothing was stored.',
  account_mismatch: 'Another account than the connected one answered. Sign in with that account.',
  client_refused: 'The provider does not accept this application. Its operator has to look at it.',
  exchange_failed: `The provider took its answer back. ${again}`,
  expired: `This took too long. ${again}`,
  invalid_response: `The provider's answer does not fit the question. ${again}`,
  provider_unavailable: 'The provider does not answer right now. Please try again later.',
  server_error: 'Something failed on our side. Please try again in a minute.',
};
