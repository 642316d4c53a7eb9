/**
 * `PUT`, `GET` and `DELETE /connections/{client}/{connection}`, and `GET /connections?client=`:
 * connects without a browser, shows, lists and ends connections.
 *
 * @module
 */
import accessPolicy from '#access-policy' with { type: 'json' };
import { sqsClient } from '../lib/aws/clients.ts';
import { registrations } from '../lib/aws/registrations.ts';
import { seals } from '../lib/aws/seals.ts';
import { sqsRevocationQueue } from '../lib/aws/sqs-revocation-queue.ts';
import { clientRows, clock, connectionTable, tokenTable } from '../lib/aws/tables.ts';
import { parseAccessPolicy } from '../lib/broker/access-policy.ts';
import { connectDirectly } from '../lib/broker/connect-directly.ts';
import { disconnect } from '../lib/broker/disconnect.ts';
import { listConnections, showConnection } from '../lib/broker/show-connections.ts';
import { connectionMessage } from '../lib/http/answer-message.ts';
import { iamFunction, json } from '../lib/http/iam-function.ts';
import { parseDirectGrant, parseListRequest } from '../lib/http/request-message.ts';
import { functionLog } from '../lib/log.ts';
import { keyText, parseConnectionKey } from '../lib/names.ts';
import { providerCalls } from '../lib/oauth/provider-calls.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'CONNECTIONS_TABLE',
  'TOKENS_TABLE',
  'REVOKE_QUEUE_URL',
  'DUE_SHARDS',
  'PROVIDER_TIMEOUT_SECONDS',
  'ALLOWED_PROVIDER_HOSTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
);
const log = functionLog(clock);
const ports = {
  ...connectionTable(settings),
  ...tokenTable(settings),
  ...clientRows(settings),
  ...registrations(settings),
  ...seals(settings),
  revocations: sqsRevocationQueue({ client: sqsClient(), url: settings.REVOKE_QUEUE_URL }),
  ...providerCalls(settings, clock),
  providerTimeoutSeconds: settings.PROVIDER_TIMEOUT_SECONDS,
  clock,
  random: Math.random,
  log,
};

export const handler = iamFunction(
  { log, policy: parseAccessPolicy(accessPolicy) },
  {
    'PUT /connections/{client}/{connection}': async ({ pathParameters, body, assertMay }) => {
      const key = parseConnectionKey(pathParameters);
      assertMay('write', keyText(key));
      const grant = parseDirectGrant(key, body());
      const { created, connection } = await connectDirectly(ports, grant);
      return json(created ? 201 : 200, connectionMessage(connection));
    },
    'GET /connections/{client}/{connection}': async ({ pathParameters, assertMay }) => {
      const key = parseConnectionKey(pathParameters);
      assertMay('read', keyText(key));
      return json(200, connectionMessage(await showConnection(ports, key)));
    },
    'DELETE /connections/{client}/{connection}': async ({ pathParameters, assertMay }) => {
      const key = parseConnectionKey(pathParameters);
      assertMay('write', keyText(key));
      await disconnect(ports, key);
      return { statusCode: 204, headers: { 'cache-control': 'no-store' } };
    },
    'GET /connections': async ({ query, assertMayList, mayRead }) => {
      const request = parseListRequest(query);
      assertMayList(request.client);
      const { connections, cursor } = await listConnections(ports, request, (connection) =>
        mayRead(keyText(connection)),
      );
      return json(200, {
        connections: connections.map(connectionMessage),
        ...(cursor !== undefined && { cursor }),
      });
    },
  },
);
