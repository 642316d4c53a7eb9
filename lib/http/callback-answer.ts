import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AuthorizationEnding, ReturnError } from '../broker/complete-authorization.ts';
import { keyText } from '../names.ts';
import { browserHeaders, type Page, pageResponse, strayPage } from './page.ts';
import { type Ending, fillText, type Words } from './page-texts.ts';
import { expireTransactionCookie } from './transaction-cookie.ts';

/**
 * What the browser gets when a flow has ended: back to the application, or a plain page.
 *
 * The return URL was fixed when the flow began; it is given the connection and an ending from a
 * fixed list, and nothing that the provider or the browser said.
 */
export function callbackAnswer(
  ending: AuthorizationEnding,
  { publicBaseUrl, words }: { readonly publicBaseUrl: string; readonly words: Words },
): APIGatewayProxyStructuredResultV2 {
  if (!('plan' in ending)) return strayPage(words, pageWithoutFlow[ending.status]);
  const { plan, status } = ending;
  const cookies = [expireTransactionCookie(ending.cookieLabel, publicBaseUrl)];
  if (plan.returnUrl === undefined) return { ...pageResponse(endingPage(ending, words)), cookies };
  const url = new URL(plan.returnUrl);
  url.searchParams.set('client', plan.client);
  url.searchParams.set('connection', plan.connection);
  url.searchParams.set('status', status);
  if ('error' in ending) url.searchParams.set('error', ending.error);
  if (status === 'confirm') url.searchParams.set('completion', ending.completion.reveal());
  return { statusCode: 302, headers: { ...browserHeaders, location: url.href }, cookies, body: '' };
}

const pageWithoutFlow = {
  not_pending: { name: 'already_used', statusCode: 400, tone: 'plain' },
  malformed: { name: 'unreadable', statusCode: 400, tone: 'bad' },
} as const;

type EndingOfFlow = Extract<AuthorizationEnding, { plan: unknown }>;

function endingPage(ending: EndingOfFlow, { language, texts }: Words): Page {
  const { plan, providerTitle } = ending;
  const { name, statusCode, tone } = pageOf(ending);
  const values = {
    provider: providerTitle,
    client: plan.client,
    connection: plan.connection,
  };
  return {
    statusCode,
    tone,
    language,
    title: fillText(texts[name].title, values),
    text: fillText(texts[name].text, values),
    facts: [
      [texts.labels.provider, providerTitle],
      [texts.labels.connection, keyText(plan)],
      ...(ending.status === 'failed' ? [[texts.labels.reason, ending.error] as const] : []),
    ],
  };
}

interface PageOfEnding extends Pick<Page, 'statusCode' | 'tone'> {
  readonly name: Ending;
}

function pageOf(ending: EndingOfFlow): PageOfEnding {
  switch (ending.status) {
    case 'connected':
    case 'confirm':
      return { name: 'connected', statusCode: 200, tone: 'good' };
    case 'denied':
      return { name: 'denied', statusCode: 200, tone: 'plain' };
    case 'failed':
      return { ...failures[ending.error], tone: 'bad' };
    default:
      return ending satisfies never;
  }
}

const failures: Readonly<Record<ReturnError, Omit<PageOfEnding, 'tone'>>> = {
  access_denied: { name: 'denied', statusCode: 200 },
  account_mismatch: { name: 'account_mismatch', statusCode: 409 },
  client_refused: { name: 'client_refused', statusCode: 502 },
  exchange_failed: { name: 'exchange_failed', statusCode: 502 },
  expired: { name: 'expired', statusCode: 400 },
  invalid_response: { name: 'invalid_response', statusCode: 502 },
  provider_unavailable: { name: 'provider_unavailable', statusCode: 502 },
  server_error: { name: 'server_error', statusCode: 503 },
};
