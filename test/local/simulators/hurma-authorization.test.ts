import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hurma } from '../../../local/simulators/hurma.ts';
import { aSimulator, redirectUriOf, type SimulatorUnderTest, without } from './a-simulator.ts';

const authorizePath = '/api/v3/oauth/authorize';
const redirectUri = redirectUriOf('hurma-acme');
const authorization = {
  response_type: 'code',
  client_id: 'demo-hurma-code-client',
  redirect_uri: redirectUri,
  state: 's-1',
};

let vendor: SimulatorUnderTest;

beforeEach(async () => {
  vendor = await aSimulator(hurma);
});
afterEach(() => vendor.close());

describe('the authorization endpoint of HURMA', () => {
  it('shows a page that names the client and lets one choose, allow or deny', async () => {
    const shown = await vendor.send(`${authorizePath}?${new URLSearchParams(authorization)}`);

    expect(shown.status).toBe(200);
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const part of ['hurma-acme', 'Ann Fisher', 'value="allow"', 'value="deny"']) {
      expect(shown.text).toContain(part);
    }
  });

  it('writes nothing of the request into its page unescaped', async () => {
    const query = new URLSearchParams({ ...authorization, state: '"><script>alert(1)</script>' });

    const shown = await vendor.send(`${authorizePath}?${query}`);

    expect(shown.text).not.toContain('<script');
  });

  it('sends the browser back with a code and the very state', async () => {
    const allowed = await vendor.consent(authorizePath, authorization);

    expect(allowed.status).toBe(302);
    expect(allowed.headers.get('location')).toMatch(new RegExp(`^${redirectUri}\\?`));
    expect(allowed.callback.get('state')).toBe('s-1');
    expect(allowed.callback.get('code')).toBeTruthy();
  });

  it('sends the browser back with access_denied after a denial', async () => {
    const denied = await vendor.consent(authorizePath, authorization, { decision: 'deny' });

    expect(denied.status).toBe(302);
    expect(denied.callback.get('error')).toBe('access_denied');
    expect(denied.callback.get('state')).toBe('s-1');
  });

  it('does without a state, as its page shows', async () => {
    const allowed = await vendor.consent(authorizePath, without(authorization, 'state'));

    expect(allowed.callback.has('code')).toBe(true);
    expect(allowed.callback.has('state')).toBe(false);
  });

  it.each([
    ['the client is unknown', { client_id: 'nobody' }, 401, 'invalid_client'],
    [
      'the redirect URI is not the one registered',
      { redirect_uri: `${redirectUri}/x` },
      401,
      'invalid_client',
    ],
    [
      'the client is registered for the password grant',
      {
        client_id: 'demo-hurma-password-client',
        redirect_uri: redirectUriOf('hurma-acme-password'),
      },
      401,
      'invalid_client',
    ],
    ['the response type is not code', { response_type: 'token' }, 400, 'unsupported_grant_type'],
  ])('sends nobody anywhere when %s', async (_, changes, status, error) => {
    const refused = await vendor.consent(authorizePath, { ...authorization, ...changes });

    expect(refused).toMatchObject({ status, body: { error } });
    expect(refused.headers.has('location')).toBe(false);
  });

  it.each(['client_id', 'redirect_uri', 'response_type'])(
    'sends nobody anywhere without %s',
    async (name) => {
      const refused = await vendor.consent(authorizePath, without(authorization, name));

      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.headers.has('location')).toBe(false);
    },
  );

  it('issues no code for an account that it does not have', async () => {
    const form = { account: 'eve', decision: 'allow' };

    const refused = await vendor.consent(authorizePath, authorization, form);

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});
