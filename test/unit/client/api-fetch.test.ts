import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VendMessage } from '../../../lib/http/answer-message.ts';
import { type Reply, type RunningServer, startHttpServer } from '../../../local/http-server.ts';
import {
  answered,
  aVendAnswer,
  type BrokerClient,
  brokerClient,
  networkDown,
  problem,
} from '../../support/broker-client.ts';

const name = 'hurma-acme/ann';
const canary = 'canary-token';

type Body = NonNullable<RequestInit['body']>;

/** A request as a server saw it. */
interface Call {
  readonly server: 'api' | 'elsewhere';
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let calls: Call[];
let answer: (call: Call) => Reply;
let api: RunningServer;
let elsewhere: RunningServer;

const startServer = (server: Call['server']) =>
  startHttpServer(
    ({ method, url, headers }, body) => {
      const call = { server, method, url, headers, body: body.toString() };
      calls.push(call);
      return answer(call);
    },
    { port: 0, maxBodyBytes: 10_000 },
  );

beforeAll(async () => {
  api = await startServer('api');
  elsewhere = await startServer('elsewhere');
});
beforeEach(() => {
  calls = [];
  answer = () => ({ status: 200, body: 'fine' });
});
afterAll(() => Promise.all([api.close(), elsewhere.close()]));

/** A connection whose broker vends token after token. */
function connect(
  overrides: Partial<VendMessage> = {},
  place: 'header' | 'query' = 'header',
): BrokerClient & { readonly fetch: (input: string, init?: RequestInit) => Promise<Response> } {
  const client = brokerClient();
  client.answerWith(() => {
    const access_token = `${canary}-${client.asked.length}`;
    const present =
      place === 'query'
        ? ({ in: 'query', name: 'access_token', value: access_token } as const)
        : ({ in: 'header', name: 'Authorization', value: `Bearer ${access_token}` } as const);
    const api_base_url = `${api.url}/api/v3`;
    return answered(aVendAnswer({ access_token, present, api_base_url, ...overrides }));
  });
  return { ...client, fetch: client.connection(name).fetch };
}

const sawToken = (call: Call | undefined) => inspect(call).includes(canary);
const to = (location: string, status = 302): Reply => ({ status, headers: { location } });

describe('the token', () => {
  it('goes where the provider wants it: a header with its scheme (RFC 6750 §2.1)', async () => {
    const response = await connect().fetch('/users', { headers: { authorization: 'other' } });

    expect(await response.text()).toBe('fine');
    expect(calls).toMatchObject([
      { url: '/api/v3/users', headers: { authorization: `Bearer ${canary}-1` } },
    ]);
  });

  it('goes into a header of another name, without a scheme', async () => {
    const present = { in: 'header', name: 'x-token', value: canary } as const;

    await connect({ present, access_token: canary }).fetch('/users');

    expect(calls[0]?.headers).toMatchObject({ 'x-token': canary });
    expect(calls[0]?.headers).not.toHaveProperty('authorization');
  });

  it('goes into the query beside what is there as it is written (RFC 6750 §2.3)', async () => {
    await connect({}, 'query').fetch('/users?q=a%20b&c=~&access_token=own');
    await connect({}, 'query').fetch('/users');
    await connect({}, 'query').fetch('/users?q=a%20b&c=~');

    expect(calls.map(({ url }) => url)).toEqual([
      `/api/v3/users?q=a+b&c=%7E&access_token=${canary}-1`,
      `/api/v3/users?access_token=${canary}-1`,
      `/api/v3/users?q=a%20b&c=~&access_token=${canary}-1`,
    ]);
    expect(calls.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('in the query is not shown by the response, its address or its clone', async () => {
    answer = ({ url }) =>
      url?.includes('twice') ? to(`/api/v3/once?access_token=${canary}-1&a=b`) : { status: 200 };
    const { fetch } = connect({}, 'query');

    const response = await fetch('/twice');

    expect(response.url).toBe(`${api.url}/api/v3/once?a=b`);
    for (const shown of [response, response.clone()]) {
      expect(inspect(shown, { depth: 9, showHidden: true })).not.toContain(canary);
    }
  });

  it('in the query is not shown by a response without a body', async () => {
    answer = () => ({ status: 204 });

    const response = await connect({}, 'query').fetch('/users', { method: 'DELETE' });

    expect([response.status, response.body]).toEqual([204, null]);
  });
});

describe('a request', () => {
  it('has its method, headers and body, and its own signal', async () => {
    const { fetch } = connect();
    const leaving = new AbortController();
    leaving.abort(new Error('enough'));

    await fetch('/users', { method: 'post', headers: { 'x-own': '1' }, body: '{}' });
    await expect(fetch('/users', { signal: leaving.signal })).rejects.toThrow('enough');

    expect(calls).toMatchObject([{ method: 'POST', headers: { 'x-own': '1' }, body: '{}' }]);
  });

  it('may be a Request, over which what stands beside it wins', async () => {
    const client = connect();
    const request = new Request(`${api.url}/api/v3/users`, {
      method: 'PUT',
      headers: { 'x-own': '1' },
      body: 'text',
    });

    await client.connection(name).fetch(request, { headers: { 'x-own': '2' } });

    expect(calls).toMatchObject([
      {
        method: 'PUT',
        url: '/api/v3/users',
        body: 'text',
        headers: { 'x-own': '2', authorization: `Bearer ${canary}-1` },
      },
    ]);
  });
});

describe('a token that the API refuses', () => {
  const refuseFirst = ({ headers, url }: Call): Reply =>
    `${headers.authorization}${url}`.includes(`${canary}-1`)
      ? { status: 401, body: 'no' }
      : { status: 200, body: 'fine' };

  it.each(['header', 'query'] as const)(
    'in the %s is reported, and the request sent once more with the next',
    async (place) => {
      answer = refuseFirst;
      const client = connect({}, place);

      const response = await client.fetch('/users', { method: 'POST', body: 'text' });

      expect(await response.text()).toBe('fine');
      expect(calls.map(({ body }) => body)).toEqual(['text', 'text']);
      expect(client.asked[1]?.rejectedTokenSha256).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it('twice is the API’s own answer', async () => {
    answer = () => ({ status: 401, body: 'no' });
    const client = connect();

    const response = await client.fetch('/users');

    expect([response.status, await response.text()]).toEqual([401, 'no']);
    expect([calls.length, client.asked.length]).toEqual([2, 2]);
  });

  it('and that the broker holds for good is the API’s own answer', async () => {
    answer = () => ({ status: 401, body: 'no' });
    const client = connect({
      access_token: 'same',
      present: { in: 'header', name: 'a', value: 'same' },
    });

    const response = await client.fetch('/users');

    expect([response.status, await response.text()]).toEqual([401, 'no']);
    expect([calls.length, client.asked.length]).toEqual([1, 2]);
  });

  it.each<[string, () => Body]>([['a stream', () => new Blob(['text']).stream()]])(
    'is reported, and a body that is %s is not sent again',
    async (_what, body) => {
      answer = refuseFirst;
      const client = connect();

      const init = { method: 'POST', body: body(), duplex: 'half' } as RequestInit;
      const response = await client.fetch('/users', init);

      expect(response.status).toBe(401);
      expect([calls.length, client.asked.length]).toEqual([1, 2]);
      expect((await client.connection(name).token()).reveal()).toBe(`${canary}-2`);
    },
  );

  it.each<[string, () => Body]>([
    ['text', () => 'text'],
    ['bytes', () => new TextEncoder().encode('text')],
    ['a buffer', () => new TextEncoder().encode('text').buffer],
    ['a blob', () => new Blob(['text'])],
    ['a form', () => new URLSearchParams({ text: '' })],
  ])('is replaced for a body that is %s', async (_what, body) => {
    answer = refuseFirst;

    const response = await connect().fetch('/users', { method: 'POST', body: body() });

    expect(response.status).toBe(200);
    expect(calls[1]?.body).toContain('text');
    expect(calls[1]?.body).toBe(calls[0]?.body);
  });

  it.each([
    ['BrokerUnreachable', networkDown],
    ['TemporarilyUnavailable', problem('temporarily_unavailable')],
    ['ReauthorizationRequired', problem('reauthorization_required')],
  ])('and that cannot be replaced is %s, not a 401', async (expected, reply) => {
    answer = () => ({ status: 401 });
    const client = connect();
    await client.connection(name).token();
    client.answerWith(() => reply);

    await expect(client.fetch('/users')).rejects.toMatchObject({ name: expected });
  });

  it('is refused to many at once, and reported once', async () => {
    answer = refuseFirst;
    const client = connect();

    const responses = await Promise.all(Array.from({ length: 20 }, () => client.fetch('/users')));

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(client.asked).toHaveLength(2);
  });
});

describe('a redirect', () => {
  const at = (path: string, reply: Reply) => {
    answer = ({ url }) => (url?.startsWith(path) ? reply : { status: 200, body: 'there' });
  };

  it.each(['header', 'query'] as const)(
    'within the API takes the token along (%s)',
    async (place) => {
      at('/api/v3/old', to('/api/v4/new?a=b'));

      const response = await connect({}, place).fetch('/old');

      expect(await response.text()).toBe('there');
      expect(calls[1]?.url).toMatch(/^\/api\/v4\/new\?a=b/);
      expect(calls.every(sawToken)).toBe(true);
    },
  );

  it.each(['header', 'query'] as const)(
    'to elsewhere leaves the token behind (%s)',
    async (place) => {
      at('/api', to(`${elsewhere.url}/file`));
      const headers = { accept: 'text/csv', cookie: 'own', 'x-api-key': 'own' };

      const response = await connect({}, place).fetch('/export', { headers });

      expect(await response.text()).toBe('there');
      expect(calls[1]).toMatchObject({ server: 'elsewhere', headers: { accept: 'text/csv' } });
      expect(calls[1]?.headers).not.toHaveProperty('cookie');
      expect(calls[1]?.headers).not.toHaveProperty('x-api-key');
      expect(calls.map(sawToken)).toEqual([true, false]);
    },
  );

  it('to elsewhere and back does not bring the token back', async () => {
    answer = ({ server, url }) =>
      server === 'elsewhere'
        ? to(`${api.url}/api/v3/delete-all`)
        : url === '/api/v3/export'
          ? to(`${elsewhere.url}/file`)
          : { status: 401 };
    const client = connect();

    const response = await client.fetch('/export');

    expect(response.status).toBe(401);
    expect(calls.map(sawToken)).toEqual([true, false, false]);
    expect(client.asked).toHaveLength(1);
  });

  it('to elsewhere with the token in its address is not followed', async () => {
    at('/api', to(`${elsewhere.url}/file?access_token=${canary}-1`));

    const response = await connect({}, 'query').fetch('/export');

    expect(response.status).toBe(302);
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['a POST by 302 is a GET without its body', 302, 'POST', 'GET'],
    ['a POST by 301 is a GET without its body', 301, 'POST', 'GET'],
    ['a PUT by 303 is a GET without its body', 303, 'PUT', 'GET'],
    ['a POST by 307 stays one', 307, 'POST', 'POST'],
    ['a PUT by 302 stays one', 302, 'PUT', 'PUT'],
  ])('of %s (RFC 9110 §15.4)', async (_what, status, method, expected) => {
    at('/api/v3/old', to('/new', status));

    await connect().fetch('/old', { method, body: 'text' });

    expect(calls[1]).toMatchObject({ method: expected, body: expected === 'GET' ? '' : 'text' });
    expect('content-type' in (calls[1]?.headers ?? {})).toBe(expected !== 'GET');
  });

  it('of a body to elsewhere is not followed', async () => {
    at('/api', to(`${elsewhere.url}/file`, 307));

    const response = await connect().fetch('/upload', { method: 'POST', body: 'text' });

    expect(response.status).toBe(307);
    expect(calls).toHaveLength(1);
  });

  it('of a body that is a stream is not followed', async () => {
    at('/api/v3/old', to('/new', 307));
    const init = { method: 'POST', body: new Blob(['text']).stream(), duplex: 'half' };

    expect((await connect().fetch('/old', init as RequestInit)).status).toBe(307);
  });

  it.each(['http://plain.example/file', 'ftp://plain.example/', 'http://[', 'data:,text'])(
    'to %s is not followed',
    async (location) => {
      at('/api', to(location));

      expect((await connect().fetch('/export')).status).toBe(302);
    },
  );

  it('without end ends', async () => {
    at('/', to('/again'));

    await expect(connect().fetch('/again')).rejects.toThrow('redirects');
    expect(calls).toHaveLength(21);
  });

  it('is an answer or a failure where the caller says so', async () => {
    at('/api/v3/old', to('/new'));
    const { fetch } = connect();

    expect((await fetch('/old', { redirect: 'manual' })).status).toBe(302);
    await expect(fetch('/old', { redirect: 'error' })).rejects.toThrow('redirects');
    expect(calls).toHaveLength(2);
  });
});

describe('an API whose address', () => {
  it('the broker does not know is the one that the caller gives', async () => {
    const client = connect({ api_base_url: undefined as never });
    const hurma = client.connection(name, { apiBaseUrl: `${api.url}/own` });

    await hurma.fetch('users');

    expect(calls).toMatchObject([{ url: '/own/users' }]);
    await expect(client.fetch('/users')).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('apiBaseUrl'),
    });
  });

  it('the caller gives is the one, whatever the broker says', async () => {
    const client = connect({ api_base_url: `${elsewhere.url}/api` });

    await client.connection(name, { apiBaseUrl: `${api.url}/own` }).fetch('/users');

    expect(calls).toMatchObject([{ server: 'api', url: '/own/users' }]);
  });

  it('is not https gets no token', async () => {
    const { fetch } = connect({ api_base_url: 'http://plain.example/api' });

    await expect(fetch('/users')).rejects.toThrow('https');
  });
});
