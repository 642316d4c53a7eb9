import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { randomToken } from '../../../lib/broker/one-time-token.ts';
import { parseClientName } from '../../../lib/names.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aConnection, aKey, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import {
  beginSession,
  comeBack,
  completeCallback,
  connectByRedirect,
  connecting,
  connectionOf,
  secretsOf,
  visit,
} from '../../support/redirect-flow.ts';
import { aGrant } from '../../support/token-answers.ts';

const confirmation = { confirm: true, returnUrl: 'https://app.example.com/connected' };
const withIssuer = aClient({
  definition: aDefinition({
    authorize: { url: 'https://as.example.com/authorize', issuer: 'https://as.example.com' },
  }),
});

describe('a grant', () => {
  it('goes live with its tokens sealed', async () => {
    const ports = connecting();

    const ending = await connectByRedirect(ports);

    expect(ending).toMatchObject({ status: 'connected', plan: { connection: 'ann' } });
    expect(connectionOf(ports)).toMatchObject({
      state: 'active',
      clientId: 'client-id',
      origins: ['https://as.example.com'],
      renewal: ['refresh_token'],
      accessTokenExpiresAt: at(3600),
    });
    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-1',
      credential: { refresh_token: 'refresh-1' },
    });
  });

  it('is asked for with the code, the redirect URI of the plan and the verifier of the cookie', async () => {
    const ports = connecting();
    const { location, ...browser } = await visit(ports, await beginSession(ports));

    await comeBack(ports, browser, { query: { code: 'c-1' } });

    const [asked] = ports.provider.asked;
    if (asked?.request.grantType !== 'authorization_code') throw new Error('another grant');
    expect(asked.request.code.reveal()).toBe('c-1');
    expect(asked.request.redirectUri).toBe(location.searchParams.get('redirect_uri'));
    expect(asked.timeoutMs).toBe(10_000);
    const verifier = asked.request.codeVerifier?.reveal() ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
      location.searchParams.get('code_challenge'),
    );
  });

  it('takes no verifier along where there was no challenge', async () => {
    const authorize = { url: 'https://as.example.com/authorize', pkce: false };
    const ports = connecting(aClient({ definition: aDefinition({ authorize }) }));

    await connectByRedirect(ports);

    expect(ports.provider.asked[0]?.request).not.toHaveProperty('codeVerifier');
  });

  it('keeps the values of the callback that the definition names, and no others', async () => {
    const authorize = {
      url: 'https://as.example.com/authorize',
      callback: { values: { realm_id: 'realmId' } },
    };
    const ports = connecting(aClient({ definition: aDefinition({ authorize }) }));
    const browser = await visit(ports, await beginSession(ports));

    await comeBack(ports, browser, { query: { code: 'c', realmId: '77', other: 'x' } });

    expect(connectionOf(ports).values).toEqual({ realm_id: '77' });
  });

  it('has the scope that was asked for where the answer tells none (RFC 6749 §5.1)', async () => {
    const ports = connecting(aClient({ scope: 'read write' }));

    await connectByRedirect(ports, { scope: 'read' });

    expect(connectionOf(ports).scope).toBe('read');
  });

  it('has the narrower scope that was granted', async () => {
    const ports = connecting(aClient({ scope: 'read write' }));
    ports.provider.endWith(aGrant({ scope: 'read' }));

    await connectByRedirect(ports);

    expect(connectionOf(ports).scope).toBe('read');
  });
});

describe('a state', () => {
  it('is good for one exchange of 100 callbacks at once', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));

    const endings = await Promise.all(Array.from({ length: 100 }, () => comeBack(ports, browser)));

    expect(endings.filter(({ status }) => status === 'connected')).toHaveLength(1);
    expect(endings.filter(({ status }) => status === 'not_pending')).toHaveLength(99);
    expect(ports.provider.asked).toHaveLength(1);
  });

  it('is not taken by a wrong cookie, and stays good for the right one', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    const [label = ''] = [...browser.cookies.keys()];

    const wrong = await comeBack(ports, { ...browser, cookies: new Map([[label, randomToken()]]) });
    const right = await comeBack(ports, browser);

    expect(wrong).toEqual({ status: 'not_pending' });
    expect(right).toMatchObject({ status: 'connected' });
    expect(ports.provider.asked).toHaveLength(1);
  });

  it('does not match the cookie of another tab', async () => {
    const ports = connecting();
    const session = await beginSession(ports);
    const one = await visit(ports, session);
    const other = await visit(ports, session);
    const [label = ''] = [...one.cookies.keys()];
    const [swapped = ''] = [...other.cookies.values()];

    const ending = await comeBack(ports, { ...one, cookies: new Map([[label, swapped]]) });

    expect(ending).toEqual({ status: 'not_pending' });
  });

  it('finds its cookie among those of other tabs', async () => {
    const ports = connecting();
    const session = await beginSession(ports);
    const one = await visit(ports, session);
    const other = await visit(ports, session);
    const cookies = new Map([...one.cookies, ...other.cookies]);

    expect(await comeBack(ports, { ...one, cookies })).toMatchObject({ status: 'connected' });
    expect(await comeBack(ports, { ...other, cookies })).toMatchObject({ status: 'connected' });
  });

  it('is over after ten minutes, whether or not its row is still there', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    await ports.clock.advance(600_000);

    expect(await comeBack(ports, browser)).toEqual({ status: 'not_pending' });
    expect(ports.provider.asked).toHaveLength(0);
  });

  it('is not looked for without a cookie of ours', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    ports.clients.replace('read', storeDown);
    ports.sessions.replace('takeAuthorization', storeDown);

    expect(await comeBack(ports, { ...browser, cookies: new Map() })).toEqual({
      status: 'not_pending',
    });
  });

  it('is spent by an error answer, too', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));

    await comeBack(ports, browser, { query: { error: 'access_denied' } });

    expect(await comeBack(ports, browser)).toEqual({ status: 'not_pending' });
    expect(ports.provider.asked).toHaveLength(0);
  });

  it('is kept while the store does not answer, so that a reload may succeed', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    const restore = ports.sessions.replace('takeAuthorization', storeDown);

    await expect(comeBack(ports, browser)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    restore();

    expect(await comeBack(ports, browser)).toMatchObject({ status: 'connected' });
  });

  it('is not spent while the keys to seal with cannot be had', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    const restore = ports.sealer.replace('ready', storeDown);

    await expect(comeBack(ports, browser)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(ports.provider.asked).toHaveLength(0);
    restore();

    expect(await comeBack(ports, browser)).toMatchObject({ status: 'connected' });
  });
});

describe('an answer that is not believed', () => {
  it('came to the redirect URI of another client', async () => {
    const ports = connecting();
    ports.clients.put(aClient({ name: parseClientName('other') }));
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, { client: 'other' });

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
    expect(ports.provider.asked).toHaveLength(0);
    expect(ports.log.lines).toMatchObject([{ level: 'warn', event: 'authorization_mixed_up' }]);
  });

  it.each([
    ['is missing though the definition declares it', {}],
    ['is another', { iss: 'https://evil.example' }],
    ['differs in a slash', { iss: 'https://as.example.com/' }],
    ['differs in case', { iss: 'https://AS.example.com' }],
  ])('has an iss that %s (RFC 9207 §2.4)', async (_what, iss) => {
    const ports = connecting(withIssuer);
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, { query: { code: 'c', ...iss } });

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
    expect(ports.provider.asked).toHaveLength(0);
  });

  it('has an error that is not believed before its iss is', async () => {
    const ports = connecting(withIssuer);
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, {
      query: { error: 'access_denied', iss: 'https://evil.example' },
    });

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
  });

  it('has the right iss, and then it is believed', async () => {
    const ports = connecting(withIssuer);
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, {
      query: { code: 'c', iss: 'https://as.example.com' },
    });

    expect(ending).toMatchObject({ status: 'connected' });
  });

  it('is judged by the issuer that was pinned when the flow began', async () => {
    const ports = connecting(withIssuer);
    const browser = await visit(ports, await beginSession(ports));
    ports.clients.put(aClient());

    const ending = await comeBack(ports, browser, { query: { code: 'c' } });

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
  });

  it('has neither code nor error', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, { query: {} });

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
  });
});

describe('a shape that is refused before anything is taken', () => {
  const shapes = (state: string): readonly (readonly [string, string])[] => [
    ['state twice', `code=c&state=${state}&state=${state}`],
    ['code twice', `code=c&code=d&state=${state}`],
    ['iss twice', `code=c&iss=a&iss=a&state=${state}`],
    ['no state', 'code=c'],
    ['a state of another form', `code=c&state=${state}x`],
    ['a state with a line break', `code=c&state=${state}%0a`],
    ['more than 8 KB', `code=c&state=${state}&x=${'y'.repeat(8192)}`],
    ['a code of more than 4 KB', `code=${'c'.repeat(4097)}&state=${state}`],
    ['a code with CR LF', `code=c%0d%0aset-cookie:x&state=${state}`],
  ];

  it.each(shapes('').map(([what]) => what))('has %s', async (what) => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    const rawQueryString = new Map(shapes(browser.state)).get(what) ?? '';

    const ending = await completeCallback(ports, {
      client: 'acme',
      rawQueryString,
      cookies: browser.cookies,
    });

    expect(ending).toEqual({ status: 'malformed' });
    expect(await comeBack(ports, browser)).toMatchObject({ status: 'connected' });
  });

  it.each([undefined, '', 'nobody', 'ACME', '../acme', 'acme/x'])(
    'names the client %j',
    async (client) => {
      const ports = connecting();
      const { state, cookies } = await visit(ports, await beginSession(ports));

      const ending = await completeCallback(ports, {
        client,
        rawQueryString: `code=c&state=${state}`,
        cookies,
      });

      expect(ending).toEqual({ status: 'not_pending' });
    },
  );
});

describe('what the provider says of a refusal', () => {
  it.each([
    ['access_denied', 'denied', 'access_denied'],
    ['server_error', 'failed', 'provider_unavailable'],
    ['temporarily_unavailable', 'failed', 'provider_unavailable'],
    ['unauthorized_client', 'failed', 'client_refused'],
    ['invalid_scope', 'failed', 'invalid_response'],
    ['<script>alert(1)</script>\r\nx: y', 'failed', 'invalid_response'],
  ])('%j ends as %s, %s', async (error, status, ours) => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));

    const ending = await comeBack(ports, browser, {
      query: { error, error_description: '<b>provider-words</b>' },
    });

    expect(ending).toMatchObject({ status, error: ours });
    const said = JSON.stringify([ending, ports.log.lines]);
    expect(said).not.toContain('script');
    expect(said).not.toContain('provider-words');
  });
});

describe('a registration that changed while the person was at the provider', () => {
  it.each([
    [
      'token endpoint, at another origin',
      aDefinition({ token: { url: 'https://evil.example/t' } }),
    ],
    [
      'token endpoint, at the same origin',
      aDefinition({ token: { url: 'https://as.example.com/t2' } }),
    ],
    [
      'token endpoint of this grant alone',
      aDefinition({ grants: { authorization_code: { url: 'https://evil.example/t' } } }),
    ],
  ])('sends nothing to another %s', async (_what, definition) => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    ports.clients.put(aClient({ definition }));

    const ending = await comeBack(ports, browser);

    expect(ending).toMatchObject({ status: 'failed', error: 'client_refused' });
    expect(ports.provider.asked).toHaveLength(0);
    expect(ports.log.lines).toMatchObject([
      { level: 'error', details: { code: 'CLIENT_CHANGED' } },
    ]);
  });

  it('sends nothing as another client', async () => {
    const ports = connecting();
    const browser = await visit(ports, await beginSession(ports));
    ports.clients.put(aClient({ clientId: 'another' }));

    expect(await comeBack(ports, browser)).toMatchObject({ error: 'client_refused' });
    expect(ports.provider.asked).toHaveLength(0);
  });
});

describe('an exchange that fails', () => {
  const unavailable = { outcome: 'unavailable', trouble: 'http_status', undecided: true } as const;

  it.each<[string, TokenOutcome]>([
    ['exchange_failed', { outcome: 'grant_refused' }],
    ['exchange_failed', { outcome: 'request_refused', error: 'invalid_request' }],
    ['exchange_failed', { outcome: 'answer_invalid', trouble: 'no_access_token', httpStatus: 200 }],
    ['client_refused', { outcome: 'client_refused' }],
    ['provider_unavailable', { ...unavailable, httpStatus: 503 }],
  ])('ends as %s, keeps nothing, and says in the log what to do', async (error, ending) => {
    const ports = connecting();
    ports.provider.endWith(ending);

    expect(await connectByRedirect(ports)).toMatchObject({ status: 'failed', error });

    expect(ports.connections.rows.size).toBe(0);
    expect(ports.provider.asked).toHaveLength(1);
    const [line] = ports.log.lines;
    expect(line).toMatchObject({ level: 'error', event: 'connect_failed' });
    expect(line?.details.advice).toEqual(expect.any(String));
  });

  it('ends as server_error when the store stays away after it, in time to say so', async () => {
    const ports = connecting();
    ports.connections.replace('connect', storeDown);

    expect(await connectByRedirect(ports)).toMatchObject({
      status: 'failed',
      error: 'server_error',
    });

    expect(ports.clock.monotonicMs()).toBeGreaterThan(20_000);
    expect(ports.clock.monotonicMs()).toBeLessThan(28_000);
    expect(ports.provider.asked).toHaveLength(1);
    expect(ports.log.lines[0]).toMatchObject({ level: 'warn', event: 'store_unavailable' });
    expect(ports.log.lines.at(-1)).toMatchObject({
      event: 'connect_failed',
      details: { code: 'STORE_UNAVAILABLE' },
    });
  });

  it.each([
    ['the connection cannot be read', 'connections', 'read', false],
    ['the connection cannot be stored', 'connections', 'connect', false],
    ['the token cannot be published', 'tokens', 'publish', false],
    ['the grant cannot be held', 'connections', 'holdPending', true],
  ] as const)(
    'tries again when %s, and asks the provider once',
    async (_what, port, method, confirm) => {
      const ports = connecting();
      const store: { replace: (name: never, by: never) => () => void } = ports[port];
      let tries = 0;
      const restore = store.replace(
        method as never,
        (async () => {
          tries += 1;
          if (tries === 3) restore();
          return storeDown();
        }) as never,
      );

      const ending = await connectByRedirect(ports, confirm ? confirmation : {});

      expect(ending.status).toBe(confirm ? 'confirm' : 'connected');
      expect(tries).toBe(3);
      expect(ports.provider.asked).toHaveLength(1);
      if (!confirm) expect(await secretsOf(ports)).toMatchObject({ accessToken: 'access-1' });
    },
  );

  it('finds its own write whose answer was lost, and writes the token to it', async () => {
    const ports = connecting();
    const { connect } = ports.connections;
    const restore = ports.connections.replace('connect', async (next, seenFence) => {
      await connect(next, seenFence);
      restore();
      return storeDown();
    });

    expect(await connectByRedirect(ports)).toMatchObject({ status: 'connected' });

    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-1',
      credential: { refresh_token: 'refresh-1' },
    });
  });

  it('ends as server_error when something unforeseen happens, without its words', async () => {
    const ports = connecting();
    ports.provider.endWith(async () => {
      throw new TypeError('foreign words', { cause: 'foreign cause' });
    });

    expect(await connectByRedirect(ports)).toMatchObject({
      status: 'failed',
      error: 'server_error',
    });
    expect(ports.log.lines).toMatchObject([
      { details: { code: 'UNEXPECTED', thrown: 'TypeError' } },
    ]);
    expect(JSON.stringify(ports.log.lines)).not.toContain('foreign');
  });
});

describe('a reconnect', () => {
  const known = { accountId: 'account-1' };

  it('of another account is refused, and the old grant stays as it was', async () => {
    const ports = connecting();
    ports.provider.endWith(aGrant(known));
    await connectByRedirect(ports);
    const before = connectionOf(ports);
    ports.provider.endWith(aGrant({ accountId: 'account-2' }));

    const ending = await connectByRedirect(ports);

    expect(ending).toMatchObject({ status: 'failed', error: 'account_mismatch' });
    expect(connectionOf(ports)).toEqual(before);
  });

  it('of another account succeeds where the session allows it', async () => {
    const ports = connecting();
    ports.provider.endWith(aGrant(known));
    await connectByRedirect(ports);
    ports.provider.endWith(aGrant({ accountId: 'account-2' }));

    const ending = await connectByRedirect(ports, { allowAccountSwitch: true });

    expect(ending).toMatchObject({ status: 'connected' });
    expect(connectionOf(ports).accountId).toBe('account-2');
  });
});

describe('with confirm', () => {
  it('nothing is live before the application has confirmed', async () => {
    const ports = connecting();

    const ending = await connectByRedirect(ports, confirmation);

    expect(ending).toMatchObject({ status: 'confirm', completion: expect.any(Secret) });
    expect(ports.connections.rows.size).toBe(0);
    expect(ports.tokens.rows.size).toBe(0);
  });

  it('leaves a living connection as it is until then', async () => {
    const ports = connecting();
    ports.connections.put(aConnection());

    await connectByRedirect(ports, confirmation);

    expect(connectionOf(ports, aKey())).toEqual(aConnection());
  });

  it('another account is refused at once, and nothing is held', async () => {
    const ports = connecting();
    ports.provider.endWith(aGrant({ accountId: 'account-1' }));
    await connectByRedirect(ports);
    ports.provider.endWith(aGrant({ accountId: 'account-2' }));
    ports.connections.replace('holdPending', async () => {
      throw new Error('something was held');
    });

    const ending = await connectByRedirect(ports, confirmation);

    expect(ending).toMatchObject({ status: 'failed', error: 'account_mismatch' });
  });

  it('holds the grant under the hash of the completion alone', async () => {
    const ports = connecting();
    const held: unknown[] = [];
    ports.connections.replace('holdPending', async (pending) => {
      held.push(pending);
    });

    const ending = await connectByRedirect(ports, confirmation);

    if (ending.status !== 'confirm') throw new Error(ending.status);
    const completion = ending.completion.reveal();
    expect(Buffer.from(completion, 'base64url')).toHaveLength(32);
    expect(held).toMatchObject([
      {
        completionHash: createHash('sha256').update(completion).digest('base64url'),
        expiresAt: at(600),
      },
    ]);
    expect(JSON.stringify(held)).not.toContain(completion);
  });
});
