/**
 * `GET /authorize?session=…`: sends the browser of a resource owner on to the provider.
 *
 * @module
 */
import pageTexts from '#page-texts' with { type: 'json' };
import { clock, sessionTable } from '../lib/aws/tables.ts';
import { beginAuthorization } from '../lib/broker/begin-authorization.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { authorizationAnswer } from '../lib/http/authorization-answer.ts';
import { browserFunction } from '../lib/http/browser-function.ts';
import { parsePageTexts } from '../lib/http/parse-page-texts.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(process.env, 'SESSIONS_TABLE', 'PUBLIC_BASE_URL');
const ports = { ...sessionTable(settings), clock, randomToken };
const wrapping = { log: functionLog(clock), languages: parsePageTexts(pageTexts) };

export const handler = browserFunction(wrapping, async ({ rawQueryString }, { words }) => {
  const sessions = new URLSearchParams(rawQueryString).getAll('session');
  const beginning = await beginAuthorization(ports, sessions.length === 1 ? sessions[0] : '');
  return authorizationAnswer(beginning, { publicBaseUrl: settings.PUBLIC_BASE_URL, words });
});
