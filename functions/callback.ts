/**
 * `GET /callback/{client}`: takes the provider's answer, exchanges the code, stores the grant.
 *
 * @module
 */
import pageTexts from '#page-texts' with { type: 'json' };
import { registrations } from '../lib/aws/registrations.ts';
import { seals } from '../lib/aws/seals.ts';
import { clientRows, clock, connectionTable, sessionTable, tokenTable } from '../lib/aws/tables.ts';
import { completeAuthorization } from '../lib/broker/complete-authorization.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { browserFunction } from '../lib/http/browser-function.ts';
import { callbackAnswer } from '../lib/http/callback-answer.ts';
import { parsePageTexts } from '../lib/http/parse-page-texts.ts';
import { readTransactionCookies } from '../lib/http/transaction-cookie.ts';
import { deadlineOf } from '../lib/lambda/deadline.ts';
import { functionLog } from '../lib/log.ts';
import { providerCalls } from '../lib/oauth/provider-calls.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'CONNECTIONS_TABLE',
  'TOKENS_TABLE',
  'SESSIONS_TABLE',
  'PUBLIC_BASE_URL',
  'DUE_SHARDS',
  'PROVIDER_TIMEOUT_SECONDS',
  'ALLOWED_PROVIDER_HOSTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
);
const log = functionLog(clock);
const ports = {
  ...connectionTable(settings),
  ...tokenTable(settings),
  ...sessionTable(settings),
  ...clientRows(settings),
  ...registrations(settings),
  ...seals(settings),
  ...providerCalls(settings, clock),
  providerTimeoutSeconds: settings.PROVIDER_TIMEOUT_SECONDS,
  clock,
  random: Math.random,
  randomToken,
  log,
};

const wrapping = { log, languages: parsePageTexts(pageTexts) };

export const handler = browserFunction(wrapping, async (event, { words, context }) =>
  callbackAnswer(
    await completeAuthorization(
      ports,
      {
        client: event.pathParameters?.client,
        rawQueryString: event.rawQueryString,
        cookies: readTransactionCookies(event.cookies ?? [], settings.PUBLIC_BASE_URL),
      },
      deadlineOf(context, clock),
    ),
    { publicBaseUrl: settings.PUBLIC_BASE_URL, words },
  ),
);
