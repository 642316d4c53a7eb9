/**
 * What callers send: HTTP requests behind IAM, and direct events.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { iamFunction, json } from '../../lib/http/iam-function.ts';
import {
  parseCompletion,
  parseConnectSession,
  parseDirectGrant,
  parseListRequest,
  parseVendRequest,
} from '../../lib/http/request-message.ts';
import { directFunction } from '../../lib/lambda/direct-function.ts';
import { keyText, parseConnectionKey } from '../../lib/names.ts';
import type { Problem } from '../../lib/problem.ts';
import { recordingFunctionLog } from '../support/function-log.ts';
import { localUser } from '../support/http-events.ts';
import { aContext } from '../support/lambda-context.ts';
import { assertPrototypesUntouched, readOrRefused } from './holding.ts';
import { hostileJson, hostileText, meddled, tampered } from './hostile-inputs.ts';
import { type ParserProperty, parserProperty } from './parser-property.ts';

const canary = 'c4n4ry-s3cr3t';
const connectSession = {
  client: 'acme',
  connection: 'ann',
  scope: 'read write',
  return_url: 'https://app.example.com/connected',
  params: { account: canary },
  confirm: true,
  allow_account_switch: false,
};
const grants = [
  {
    grant_type: 'password',
    username: 'ann',
    password: canary,
    retain_credentials: true,
    params: { account: '7' },
  },
  { grant_type: 'client_credentials', params: {} },
  { import: { access_token: canary, refresh_token: canary, expires_at: 7, scope: 'read' } },
];
const vendRequest = {
  client: 'acme',
  connection: 'ann',
  min_ttl_seconds: 60,
  max_wait_seconds: 0,
  rejected_token_sha256: 'a'.repeat(64),
};
const query = { client: 'acme', state: 'active', cursor: 'YWNtZS9hbm4' };

/** Routes that read their input as the real ones do, and answer what became of it. */
const routes = {
  'POST /connect-sessions': async ({ body, assertMay }: Request) => {
    const request = parseConnectSession(body());
    assertMay('connect', keyText(request));
    return json(201, {});
  },
  'POST /connect-sessions/complete': async ({ body }: Request) => {
    parseCompletion(body());
    return json(200, {});
  },
  'PUT /connections/{client}/{connection}': async ({ pathParameters, body }: Request) => {
    const key = parseConnectionKey(pathParameters);
    parseDirectGrant(key, body());
    return json(200, {});
  },
  'GET /connections': async ({ query, assertMayList }: Request) => {
    assertMayList(parseListRequest(query).client);
    return json(200, {});
  },
  'POST /token': async ({ pathParameters, body }: Request) => {
    parseVendRequest(body({}), parseConnectionKey(pathParameters));
    return json(200, {});
  },
};
type Request = Parameters<NonNullable<Parameters<typeof iamFunction>[1][string]>>[0];

const messages = [connectSession, { completion: 'c'.repeat(43) }, ...grants, vendRequest];
const bodyText = fc.oneof(
  fc.oneof(...messages.map(meddled)).map((message) => JSON.stringify(message)),
  tampered(fc.constantFrom(...messages.map((message) => JSON.stringify(message)))),
  fc.nat(40_000).map((levels) => '['.repeat(levels) + ']'.repeat(levels)),
  fc.nat(12_000).map((levels) => `${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`),
  hostileText,
);
const event = fc.record(
  {
    routeKey: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...Object.keys(routes)) },
      hostileText,
    ),
    pathParameters: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ client: 'acme', connection: 'ann' }) },
      meddled({ client: 'acme', connection: 'ann' }),
    ),
    queryStringParameters: meddled(query),
    body: fc.oneof({ weight: 9, arbitrary: bodyText }, fc.constant(undefined)),
    isBase64Encoded: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
    requestContext: fc.oneof(
      { weight: 6, arbitrary: fc.constant({ authorizer: { iam: { userArn: localUser } } }) },
      meddled({ authorizer: { iam: { userArn: localUser } } }),
    ),
  },
  { requiredKeys: ['routeKey'] },
);

const policy = {
  allow: [{ principals: [localUser], actions: ['*' as const], connections: ['acme/*'] }],
};

const httpProperty = parserProperty('HTTP request behind IAM', event, async (sent) => {
  const log = recordingFunctionLog();
  const handler = iamFunction({ log, policy }, routes) as unknown as Handler<{
    readonly statusCode: number;
    readonly body: string;
  }>;

  const { statusCode, body } = await handler(sent, aContext());

  assertPrototypesUntouched();
  assert.ok([200, 201, 400, 403].includes(statusCode), `status ${statusCode}`);
  assert.doesNotMatch(`${body}${JSON.stringify(log.lines)}`, new RegExp(canary));
  if (statusCode >= 300) return false;
  const { requestContext } = sent as { requestContext?: typeof identified };
  assert.equal(requestContext?.authorizer.iam.userArn, localUser);
  return true;
});
const identified = { authorizer: { iam: { userArn: localUser } } };
type Handler<Answer> = (event: unknown, context: Context) => Promise<Answer>;

const directEvent = fc.oneof(
  meddled(vendRequest),
  meddled({ ...vendRequest, requestContext: identified, routeKey: 'POST /token' }),
  hostileJson,
);

const directProperty = parserProperty('direct event to vend', directEvent, async (sent) => {
  const log = recordingFunctionLog();
  const handler = directFunction(log, async (given) => parseVendRequest(given));

  const answer: object = await handler(sent as never, aContext());

  assertPrototypesUntouched();
  if ('error' in answer) {
    const { status, error } = answer as Problem;
    assert.ok((status === 400 && error === 'invalid_request') || status === 403, error);
    return false;
  }
  assert.equal(Object.hasOwn(Object(sent), 'requestContext'), false);
  assert.equal(keyText(parseConnectionKey(answer)), keyText(parseConnectionKey(Object(sent))));
  return true;
});

const pathProperty = parserProperty(
  'names in a path',
  fc.tuple(
    fc.oneof(tampered(fc.constantFrom('acme', 'hurma-acme')), hostileText),
    fc.oneof(tampered(fc.constantFrom('ann', 'ann@example.com')), hostileText),
  ),
  ([client, connection]) => {
    const key = readOrRefused('REQUEST_INVALID', () => parseConnectionKey({ client, connection }));
    if (!key) return false;
    assert.equal(keyText(key).split('/').length, 2);
    assert.equal(encodeURI(keyText(key)), keyText(key));
    assert.notEqual(connection, '.');
    assert.notEqual(connection, '..');
    return true;
  },
);

/** What must hold of everything that a caller sends. */
export const callerProperties: readonly ParserProperty[] = [
  httpProperty,
  directProperty,
  pathProperty,
];
