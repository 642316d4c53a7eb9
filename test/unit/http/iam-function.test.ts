import { describe, expect, it } from 'vitest';
import { parseAccessPolicy } from '../../../lib/broker/access-policy.ts';
import { Fault } from '../../../lib/fault.ts';
import { type IamRequest, iamFunction, json } from '../../../lib/http/iam-function.ts';
import { recordingFunctionLog } from '../../support/function-log.ts';
import { anIamEvent, localUser } from '../../support/http-events.ts';
import { aContext } from '../../support/lambda-context.ts';

const route = 'POST /things';
const policy = parseAccessPolicy({
  allow: [{ principals: [localUser], actions: ['vend', 'read'], connections: ['acme/*'] }],
});

function anIamFunction(respond: (request: IamRequest) => unknown = () => ({ done: true })) {
  const log = recordingFunctionLog();
  const handler = iamFunction(
    { log, policy },
    { [route]: async (request) => json(200, (await respond(request)) as object) },
  );
  const send = async (event: unknown) => {
    const answer = await handler(event as never, aContext());
    return { ...answer, message: JSON.parse(answer.body ?? '{}') };
  };
  return { log, send };
}
const bodyOf = ({ body }: IamRequest) => ({ body: body() });

describe('a caller', () => {
  it.each([
    ['no requestContext', {}],
    ['a requestContext without authorizer', { requestContext: {} }],
    [
      'the empty authorizer of a public route',
      { requestContext: { authorizer: { lambda: {}, jwt: {} } } },
    ],
    [
      'an authorizer of another kind',
      { requestContext: { authorizer: { jwt: { claims: { userArn: localUser } } } } },
    ],
    ['an empty ARN', { requestContext: { authorizer: { iam: { userArn: '' } } } }],
    [
      'an ARN that is no text',
      { requestContext: { authorizer: { iam: { userArn: [localUser] } } } },
    ],
  ])('is refused with %s', async (_what, event) => {
    const { send, log } = anIamFunction();

    const answer = await send({ routeKey: route, ...event });

    expect(answer).toMatchObject({ statusCode: 403, message: { error: 'access_denied' } });
    expect(log.lines).toMatchObject([
      {
        event: 'access',
        details: {
          reach: 'evergrant-local-a-function',
          action: 'invoke',
          decision: 'denied',
        },
      },
      { level: 'info', event: 'request_refused' },
    ]);
  });

  it.each([null, undefined, 'text', 7])('is refused with the event %j', async (event) => {
    expect((await anIamFunction().send(event)).statusCode).toBe(403);
  });

  it('may do what the policy allows, and one line says so', async () => {
    const { send, log } = anIamFunction(({ assertMay }) => assertMay('read', 'acme/ann') ?? {});

    expect((await send(anIamEvent(route))).statusCode).toBe(200);
    expect(log.lines).toEqual([
      {
        level: 'info',
        event: 'access',
        details: {
          caller: localUser,
          apiRequestId: 'a-request',
          action: 'read',
          connection: 'acme/ann',
          decision: 'allowed',
        },
      },
    ]);
  });

  it('may do nothing else, and one line says so', async () => {
    const { send, log } = anIamFunction(({ assertMay }) => assertMay('write', 'acme/ann') ?? {});

    expect(await send(anIamEvent(route))).toMatchObject({
      statusCode: 403,
      message: { error: 'access_denied', status: 403 },
    });
    expect(log.lines).toMatchObject([
      { event: 'access', details: { action: 'write', decision: 'denied' } },
      { event: 'request_refused' },
    ]);
  });

  it('of an assumed role is written as the role, and its session beside it', async () => {
    const { send, log } = anIamFunction(({ assertMay }) => assertMay('read', 'acme/ann') ?? {});

    await send(anIamEvent(route, { caller: 'arn:aws:sts::111122223333:assumed-role/crm/ann@x' }));

    expect(log.lines[0]?.details).toMatchObject({
      caller: 'arn:aws:iam::111122223333:role/crm',
      session: 'ann@x',
      decision: 'denied',
    });
  });

  it('that wants to vend is decided about, and the line is left to who knows the token', async () => {
    const { send, log } = anIamFunction(({ decide }) => ({
      own: decide('vend', 'acme/ann'),
      others: decide('vend', 'other/ann'),
    }));

    const { message } = await send(anIamEvent(route));

    const who = { caller: localUser, apiRequestId: 'a-request' };
    expect(message).toEqual({
      own: { ...who, connection: 'acme/ann', isAllowed: true },
      others: { ...who, connection: 'other/ann', isAllowed: false },
    });
    expect(log.lines).toEqual([]);
  });

  it('may list only where it may read', async () => {
    const { send, log } = anIamFunction(({ assertMayList, mayRead }) => {
      assertMayList('acme');
      return { own: mayRead('acme/ann'), others: mayRead('other/ann') };
    });
    const denied = anIamFunction(({ assertMayList }) => assertMayList('other') ?? {});

    expect((await send(anIamEvent(route))).message).toEqual({ own: true, others: false });
    expect(log.lines).toMatchObject([
      { details: { action: 'read', connection: 'acme/*', decision: 'allowed' } },
    ]);
    expect((await denied.send(anIamEvent(route))).statusCode).toBe(403);
  });
});

describe('a route', () => {
  it.each(['GET /things', 'POST /other', '$default', '__proto__', 'constructor', '', undefined])(
    'that is not there is refused: %s',
    async (routeKey) => {
      const { send } = anIamFunction();
      const { routeKey: _, ...event } = anIamEvent(route);

      expect(await send({ ...event, routeKey })).toMatchObject({
        statusCode: 400,
        message: { error: 'invalid_request' },
      });
    },
  );
});

describe('a body', () => {
  it('is read as JSON', async () => {
    const event = anIamEvent(route, { body: { a: 1 } });

    expect((await anIamFunction(bodyOf).send(event)).message).toEqual({ body: { a: 1 } });
  });

  it('is read from base64, as API Gateway sends what it takes for binary', async () => {
    const body = Buffer.from('{"a":"é"}').toString('base64');
    const event = { ...anIamEvent(route, { body }), isBase64Encoded: true };

    expect((await anIamFunction(bodyOf).send(event)).message).toEqual({ body: { a: 'é' } });
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['no JSON', '{"canary":'],
    ['a form', 'canary=1'],
    ['64 KB and a byte', `"${'x'.repeat(64 * 1024 - 1)}"`],
    ['64 KB of characters, and more of bytes', `"${'é'.repeat(40 * 1024)}"`],
  ])('is refused when it is %s, and not repeated', async (_what, body) => {
    const { send, log } = anIamFunction(bodyOf);

    const answer = await send(anIamEvent(route, { body }));

    expect(answer).toMatchObject({ statusCode: 400, message: { error: 'invalid_request' } });
    expect(JSON.stringify([answer.body, log.lines])).not.toContain('canary');
  });

  it('of 64 KB sharp is read', async () => {
    const body = `"${'x'.repeat(64 * 1024 - 2)}"`;

    expect((await anIamFunction(bodyOf).send(anIamEvent(route, { body }))).statusCode).toBe(200);
  });

  it('may be left out where that means something', async () => {
    const { send } = anIamFunction(({ body }) => ({ body: body({ absent: true }) }));

    expect((await send(anIamEvent(route))).message).toEqual({ body: { absent: true } });
  });
});

describe('an answer', () => {
  it('is kept by no cache, be it good or bad (RFC 6749 §5.1)', async () => {
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };

    expect((await anIamFunction().send(anIamEvent(route))).headers).toEqual(headers);
    expect((await anIamFunction(bodyOf).send(anIamEvent(route))).headers).toEqual(headers);
  });

  it('to a fault is the interface’s, with Retry-After where there is a time to wait', async () => {
    const { send, log } = anIamFunction(() => {
      throw new Fault('PROVIDER_UNAVAILABLE', {
        client: 'acme',
        trouble: 'rate_limited',
        retryAfterSeconds: 90,
      });
    });

    expect(await send(anIamEvent(route))).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '90' },
      message: { error: 'temporarily_unavailable', status: 503, retry_after: 90 },
    });
    expect(log.lines).toMatchObject([
      {
        level: 'error',
        event: 'request_failed',
        details: { code: 'PROVIDER_UNAVAILABLE', advice: expect.any(String) },
      },
    ]);
  });

  it('has nothing of what a foreign error says, nor has the log', async () => {
    const { send, log } = anIamFunction(() => {
      throw Object.assign(new Error('canary-message', { cause: 'canary-cause' }), {
        $response: { body: 'canary-response' },
      });
    });

    const answer = await send(anIamEvent(route));

    expect(answer).toMatchObject({ statusCode: 500, message: { error: 'server_error' } });
    expect(JSON.stringify([answer, log.lines])).not.toContain('canary');
  });
});
