/**
 * `POST /connect-sessions` begins the redirect flow; `POST /connect-sessions/complete` confirms it.
 *
 * @module
 */
import accessPolicy from '#access-policy' with { type: 'json' };
import { registrations } from '../lib/aws/registrations.ts';
import { clock, connectionTable, sessionTable, tokenTable } from '../lib/aws/tables.ts';
import { parseAccessPolicy } from '../lib/broker/access-policy.ts';
import { beginConnection } from '../lib/broker/begin-connection.ts';
import { completeConnection } from '../lib/broker/complete-connection.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { connectionMessage } from '../lib/http/answer-message.ts';
import { iamFunction, json } from '../lib/http/iam-function.ts';
import { parseCompletion, parseConnectSession } from '../lib/http/request-message.ts';
import { functionLog } from '../lib/log.ts';
import { keyText } from '../lib/names.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'CONNECTIONS_TABLE',
  'TOKENS_TABLE',
  'SESSIONS_TABLE',
  'PUBLIC_BASE_URL',
  'DUE_SHARDS',
);
const ports = {
  ...connectionTable(settings),
  ...tokenTable(settings),
  ...sessionTable(settings),
  ...registrations(settings),
  publicBaseUrl: settings.PUBLIC_BASE_URL,
  clock,
  randomToken,
};
const wrapping = { log: functionLog(clock), policy: parseAccessPolicy(accessPolicy) };

export const handler = iamFunction(wrapping, {
  'POST /connect-sessions': async ({ body, assertMay }) => {
    const request = parseConnectSession(body());
    assertMay('connect', keyText(request));
    const { authorizeUrl, expiresAt } = await beginConnection(ports, request);
    return json(201, { authorize_url: authorizeUrl, expires_at: expiresAt });
  },
  'POST /connect-sessions/complete': async ({ body, assertMay }) => {
    const { created, connection } = await completeConnection(
      ports,
      parseCompletion(body()),
      (pending) => assertMay('connect', keyText(pending)),
    );
    return json(created ? 201 : 200, connectionMessage(connection));
  },
});
