/**
 * `GET /authorize?session=…`: sends the browser of a resource owner on to the provider.
 *
 * @module
 */
import { clock, sessionTable } from '../lib/aws/tables.ts';
import { beginAuthorization } from '../lib/broker/begin-authorization.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { authorizationAnswer } from '../lib/http/authorization-answer.ts';
import { browserFunction } from '../lib/http/browser-function.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(process.env, 'SESSIONS_TABLE', 'PUBLIC_BASE_URL');
const ports = { ...sessionTable(settings), clock, randomToken };

export const handler = browserFunction(functionLog(), async ({ rawQueryString }) => {
  const sessions = new URLSearchParams(rawQueryString).getAll('session');
  const beginning = await beginAuthorization(ports, sessions.length === 1 ? sessions[0] : '');
  return authorizationAnswer(beginning, settings.PUBLIC_BASE_URL);
});
