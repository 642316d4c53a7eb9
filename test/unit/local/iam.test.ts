import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import buildAuthentication from '../../../local/iam.cjs';

const header = 'sls-offline-authorizer-override';
const iamRoute = { authorizer: { type: 'aws_iam' } };

interface Asked {
  readonly headers?: Record<string, string>;
  readonly route?: object;
  readonly functionKey?: string;
}

/** One request, as the server underneath hands it to the strategy of a route. */
function ask({ headers: given = {}, route = iamRoute, functionKey = crypto.randomUUID() }: Asked) {
  const headers: Record<string, string> = { host: '127.0.0.1:3000', ...given };
  const res = new EventEmitter();
  const request = {
    headers: { ...headers },
    raw: { req: { rawHeaders: Object.entries(headers).flat() }, res },
    state: null as Readonly<Record<string, string | readonly string[]>> | null,
  };
  const refusal = { status: 0, body: {} };
  const response = {
    code: (status: number) => {
      refusal.status = status;
      return response;
    },
    takeover: () => response,
  };
  const h = {
    authenticated: () => 'authenticated',
    response: (body: object) => {
      refusal.body = body;
      return response;
    },
  };
  const { authenticate } = buildAuthentication(
    route,
    functionKey,
    'GET',
    '/x',
  ).getAuthenticateFunction();
  return { request, refusal, res, outcome: authenticate(request, h) };
}

function identityOf({ rawHeaders }: { readonly rawHeaders: readonly string[] }): unknown {
  const at = rawHeaders.lastIndexOf(header);
  return at === -1 ? undefined : JSON.parse(rawHeaders[at + 1] ?? '');
}

const signed = (keyId: string) =>
  `AWS4-HMAC-SHA256 Credential=${keyId}/20261122/us-east-1/execute-api/aws4_request, ` +
  'SignedHeaders=host;x-amz-date, Signature=0123456789abcdef';

describe('on a route with IAM authorization', () => {
  test('the access key id local is the operator', async () => {
    const { request, outcome } = ask({ headers: { authorization: signed('local') } });

    expect(await outcome).toBe('authenticated');
    expect(identityOf(request.raw.req)).toMatchObject({
      iam: {
        userArn: 'arn:aws:iam::000000000000:user/local',
        accessKey: 'local',
        accountId: '000000000000',
      },
    });
  });

  test('any other access key id is a user of that name', async () => {
    const { request, outcome } = ask({ headers: { authorization: signed('bob') } });

    expect(await outcome).toBe('authenticated');
    expect(identityOf(request.raw.req)).toMatchObject({
      iam: { userArn: 'arn:aws:iam::000000000000:user/bob' },
    });
  });

  test.each([
    ['no Authorization header', {}],
    ['a bearer token', { authorization: 'Bearer abc' }],
    ['a credential without a date', { authorization: 'AWS4-HMAC-SHA256 Credential=local' }],
    ['a key id that is a path', { authorization: signed('a/b') }],
    [
      'another site as its origin',
      { authorization: signed('local'), origin: 'https://evil.example' },
    ],
    ['another name for this machine', { authorization: signed('local'), host: 'evil.example' }],
  ])('a request with %s is answered 403 as API Gateway does', async (_case, headers) => {
    const { refusal, outcome } = ask({ headers });
    await outcome;

    expect(refusal).toEqual({ status: 403, body: { message: 'Forbidden' } });
  });

  test('an identity that the caller claims in a header is not believed', async () => {
    const claimed = JSON.stringify({ iam: { userArn: 'arn:aws:iam::000000000000:user/local' } });
    const { request, outcome } = ask({
      headers: {
        'SLS-Offline-Authorizer-Override': claimed,
        [header]: claimed,
        authorization: signed('bob'),
      },
    });
    await outcome;

    expect(request.headers).not.toHaveProperty(header);
    expect(request.raw.req.rawHeaders.join('\n').match(/user\/\w+/g)).toEqual(['user/bob']);
  });
});

describe('on a public route', () => {
  const route = {};

  test('everybody passes, without an identity', async () => {
    const claimed = '{"iam":{"userArn":"arn:aws:iam::000000000000:user/local"}}';
    const { request, outcome } = ask({ route, headers: { [header]: claimed } });

    expect(await outcome).toBe('authenticated');
    expect(identityOf(request.raw.req)).toBeUndefined();
  });

  test('cookies come through as they were sent, odd ones too', async () => {
    const { request, outcome } = ask({ route, headers: { cookie: 'a=b"c; j={"x": 1}; a=2==; n' } });
    await outcome;

    expect({ ...request.state }).toEqual({ a: ['b"c', '2=='], j: '{"x": 1}', n: '' });
  });
});

test('routes have strategies of their own', () => {
  const one = buildAuthentication({}, 'connections', 'GET', '/connections');
  const other = buildAuthentication({}, 'connections', 'PUT', '/connections');

  expect(one.name).not.toBe(other.name);
  expect(one.scheme).not.toBe(other.scheme);
});

describe('for one function', () => {
  const settled = (outcome: Promise<unknown>) =>
    Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'waiting'))]);

  test('eight requests pass at once, and the next when an answer is sent', async () => {
    const functionKey = crypto.randomUUID();
    const passed = Array.from({ length: 8 }, () => ask({ route: {}, functionKey }));
    const ninth = ask({ route: {}, functionKey });
    await Promise.all(passed.map(({ outcome }) => outcome));

    expect(await settled(ninth.outcome)).toBe('waiting');
    passed[3]?.res.emit('close');

    expect(await ninth.outcome).toBe('authenticated');
  });

  test('a caller who gives up while waiting takes no place', async () => {
    const functionKey = crypto.randomUUID();
    const [first] = Array.from({ length: 8 }, () => ask({ route: {}, functionKey }));
    const gone = ask({ route: {}, functionKey });
    const patient = ask({ route: {}, functionKey });
    expect(await settled(gone.outcome)).toBe('waiting');

    gone.res.emit('close');
    first?.res.emit('close');

    await gone.outcome;
    expect(gone.refusal.status).toBe(503);
    expect(await patient.outcome).toBe('authenticated');
  });
});
