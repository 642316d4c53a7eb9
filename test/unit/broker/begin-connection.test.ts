import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { beginConnection } from '../../../lib/broker/begin-connection.ts';
import type { ConnectSession } from '../../../lib/broker/ports.ts';
import { parseClientName } from '../../../lib/names.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aKey, at } from '../../support/connections.ts';
import { type Connecting, connecting } from '../../support/redirect-flow.ts';

const aRequest = { ...aKey(), confirm: false, allowAccountSwitch: false };

async function sessionOf(
  ports: Connecting,
  request: Parameters<typeof beginConnection>[1] = aRequest,
): Promise<ConnectSession & { readonly link: URL }> {
  const stored: ConnectSession[] = [];
  ports.sessions.replace('putSession', async (session) => {
    stored.push(session);
  });
  const { authorizeUrl } = await beginConnection(ports, request);
  const [session] = stored;
  if (!session) throw new Error('no session was stored');
  return { ...session, link: new URL(authorizeUrl) };
}

const problemsOf = (begun: Promise<unknown>) =>
  begun.then(
    () => [],
    (fault) => (fault.code === 'REQUEST_INVALID' ? fault.context.problems : [fault.code]),
  );

it('answers with a link of our own that lives 30 minutes', async () => {
  const ports = connecting();

  const { authorizeUrl, expiresAt } = await beginConnection(ports, aRequest);

  expect(authorizeUrl).toMatch(
    /^https:\/\/evergrant\.example\.com\/authorize\?session=[A-Za-z0-9_-]{43}$/,
  );
  expect(expiresAt).toBe(at(1800));
});

it('stores the SHA-256 of the session, and the session itself nowhere', async () => {
  const { link, ...session } = await sessionOf(connecting());
  const token = link.searchParams.get('session') ?? '';

  expect(session.sessionHash).toBe(createHash('sha256').update(token).digest('base64url'));
  expect(JSON.stringify(session)).not.toContain(token);
});

it('fixes client id, origins, token endpoint, redirect URI and scope', async () => {
  const { plan } = await sessionOf(connecting(aClient({ scope: 'read write' })));

  expect(plan).toMatchObject({
    client: 'acme',
    connection: 'ann',
    clientId: 'client-id',
    origins: ['https://as.example.com'],
    tokenEndpoint: 'https://as.example.com/token',
    redirectUri: 'https://evergrant.example.com/callback/acme',
    scope: 'read write',
    pkce: true,
  });
});

it('asks for a code, with state and challenge left to the visit (RFC 6749 §4.1.1)', async () => {
  const { authorization } = await sessionOf(connecting());

  const query = Object.fromEntries(new URL(authorization.url).searchParams);
  expect(query).toEqual({
    response_type: 'code',
    client_id: 'client-id',
    redirect_uri: 'https://evergrant.example.com/callback/acme',
  });
});

it('asks for less than the registration allows, and never for more', async () => {
  const ports = connecting(aClient({ scope: 'read write' }));

  const { plan } = await sessionOf(ports, { ...aRequest, scope: 'read' });

  expect(plan.scope).toBe('read');
  expect(await problemsOf(beginConnection(ports, { ...aRequest, scope: 'read admin' }))).toEqual([
    expect.stringContaining('scope asks for more'),
  ]);
});

it('refuses a client without registration', async () => {
  const begun = beginConnection(connecting(), { ...aRequest, ...aKey('ann', 'nobody') });

  await expect(begun).rejects.toMatchObject({ code: 'UNKNOWN_CLIENT' });
});

it('says which members to set where the authorization endpoint is not known', async () => {
  const registration = JSON.stringify({
    provider: 'hurdlr',
    client_id: 'id',
    client_secret: 's',
    params: { environment: 'sandbox' },
  });
  const hurdlr = resolveClient(parseClientName('hurdlr-acme'), registration, 'v1');

  const problems = await problemsOf(
    beginConnection(connecting(hurdlr), { ...aRequest, ...aKey('ann', 'hurdlr-acme') }),
  );

  expect(problems).toEqual([expect.stringContaining('provider_overrides.authorize.url')]);
});

describe('params', () => {
  const client = aClient({
    definition: aDefinition({
      params: {
        account: { of: 'connection', format: 'host_label', description: 'the account' },
        tenant: { of: 'registration', description: 'the tenant' },
      },
      authorize: { url: 'https://as.example.com/authorize', params: { account: '{account}' } },
    }),
    params: { tenant: 'acme' },
  });

  it('of a connection go where the definition wants them', async () => {
    const { authorization } = await sessionOf(connecting(client), {
      ...aRequest,
      params: { account: '77' },
    });

    expect(new URL(authorization.url).searchParams.get('account')).toBe('77');
  });

  it.each([
    ['that the registration sets', { account: '7', tenant: 'evil' }, 'params.tenant'],
    ['that nobody knows', { account: '7', redirect_uri: 'https://evil.example' }, 'redirect_uri'],
    ['that are malformed', { account: '7&state=x' }, 'params.account'],
    ['that are no object', 'account=7', 'params must be an object'],
  ])('%s are refused by name', async (_what, params, named) => {
    const problems = await problemsOf(beginConnection(connecting(client), { ...aRequest, params }));

    expect(problems).toEqual([expect.stringContaining(named)]);
  });
});

describe('return_url', () => {
  const client = aClient({
    returnUrls: ['https://app.example.com/connected', 'http://127.0.0.1:3006/back'],
  });
  const begin = (returnUrl: string) =>
    problemsOf(beginConnection(connecting(client), { ...aRequest, returnUrl }));

  it.each([
    'https://app.example.com/connected',
    'https://app.example.com:443/connected',
    'https://app.example.com/connected?tab=2',
    'https://app.example.com/connected?for=ann@example.com&next=//a//b',
    'http://127.0.0.1:3006/back',
  ])('may be %s', async (returnUrl) => {
    expect(await begin(returnUrl)).toEqual([]);
  });

  it.each([
    ['another path', 'https://app.example.com/connected/'],
    ['a path below', 'https://app.example.com/connected/more'],
    ['another case', 'https://app.example.com/Connected'],
    ['another host', 'https://evil.example/connected'],
    ['a longer host', 'https://app.example.com.evil.example/connected'],
    ['another port', 'https://app.example.com:8443/connected'],
    ['another scheme', 'http://app.example.com/connected'],
    ['a scheme that is no web', 'javascript:https://app.example.com/connected'],
    ['data', 'data:text/html,https://app.example.com/connected'],
    ['a user', 'https://app.example.com@evil.example/connected'],
    ['a user at the right host', 'https://ann@app.example.com/connected'],
    ['an empty user', 'https://@app.example.com/connected'],
    ['a user and a password', 'https://ann:pw@app.example.com/connected'],
    ['a query in the place of a user', 'https://app.example.com?@evil.example/connected'],
    ['a control character beyond ASCII', 'https://app.example.com/connected?x=\u0085'],
    ['a backslash', 'https://app.example.com\\connected'],
    ['a backslash that ends the host', 'https://evil.example\\@app.example.com/connected'],
    ['two slashes', 'https://app.example.com//connected'],
    ['no scheme', '//app.example.com/connected'],
    ['three slashes', 'https:///app.example.com/connected'],
    ['one slash', 'https:/app.example.com/connected'],
    ['no slash', 'https:app.example.com/connected'],
    ['a fragment', 'https://app.example.com/connected#x'],
    ['a line break', 'https://app.example.com/conn\r\nected'],
    ['a tab', 'https://app.example.com/\tconnected'],
    ['a space before it', ' https://app.example.com/connected'],
    ['nothing', ''],
    ['no URL', 'connected'],
  ])('is refused with %s', async (_what, returnUrl) => {
    expect(await begin(returnUrl)).toEqual([
      'return_url is not one of return_urls in the registration of acme',
    ]);
  });

  it('is needed with confirm, since it is handed the completion', async () => {
    const begun = beginConnection(connecting(), { ...aRequest, confirm: true });

    expect(await problemsOf(begun)).toEqual([expect.stringContaining('return_url is needed')]);
  });
});

it('stores nothing when it refuses', async () => {
  const ports = connecting();
  ports.sessions.replace('putSession', async () => {
    throw new Error('a session was stored');
  });

  const problems = await problemsOf(
    beginConnection(ports, { ...aRequest, returnUrl: 'https://evil.example/' }),
  );

  expect(problems).toHaveLength(1);
});
