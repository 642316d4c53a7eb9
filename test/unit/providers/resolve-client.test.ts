import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenRequestShape } from '../../../lib/providers/params.ts';
import { aClient, aClientOf, problemsOf } from './a-client.ts';

const canary = 'canary-51c2';
const overriding = (provider_overrides: object, members: object = {}) =>
  problemsOf(() => aClient({ provider_overrides, ...members }));

describe('resolveClient', () => {
  it('keeps secrets newest first, and prints none of them', () => {
    const client = aClient({
      client_secret: undefined,
      client_secrets: [`${canary}-new`, `${canary}-old`],
      token_request_headers: { 'X-Key': canary },
    });

    expect(client.secrets.map((secret) => secret.reveal())).toEqual([
      `${canary}-new`,
      `${canary}-old`,
    ]);
    expect(inspect(client, { depth: 9 }) + JSON.stringify(client)).not.toContain(canary);
  });

  it('has no secret for a public client', () => {
    expect(aClient({ client_secret: undefined })).toMatchObject({
      name: 'acme',
      clientId: 'app-1',
      secrets: [],
      version: 'v1',
    });
  });

  it('names the providers there are when it does not know one', () => {
    expect(problemsOf(() => aClient({ provider: canary }))).toEqual([
      'provider must be one of humanity, hurdlr, hurma, hypersku, oauth2',
    ]);
  });

  it('applies overrides as a merge patch, null taking a member away (RFC 7396)', () => {
    const client = aClient({
      provider: 'hypersku',
      provider_overrides: { answer: { account_id: null }, api: { base_url: null }, scope: null },
    });

    expect(client.definition.answer.account_id).toBeUndefined();
    expect(client.definition.api.base_url).toBeUndefined();
    expect(client.definition.scope).toEqual({ separator: ' ' });
  });

  it.each<[string, object, string]>([
    ['an unknown member', { tokn: {} }, 'provider_overrides.tokn is not a known member'],
    [
      'an unknown member within',
      { token: { urls: canary } },
      'provider_overrides.token.urls is not a known member',
    ],
    [
      'a value that is none of the choices',
      { token: { method: canary } },
      'provider_overrides.token.method must be "POST" or "GET"',
    ],
    [
      'a value of the wrong type',
      { authorize: { pkce: canary } },
      'provider_overrides.authorize.pkce must be true or false',
    ],
    [
      'a URL with a user',
      { token: { url: `https://${canary}@as.example/` } },
      'provider_overrides.token.url must be an http or https URL without user or fragment',
    ],
    [
      'plain http to another host than loopback',
      { token: { url: `http://${canary}.example/token` } },
      'provider_overrides.token.url must be https',
    ],
    [
      'what is no URL after all',
      { token: { url: 'https://as.example:port/token' } },
      'provider_overrides.token.url is no URL',
    ],
    [
      'a placeholder that is no param',
      { token: { url: `https://{${canary}}.example/token` } },
      'provider_overrides.token.url mentions a placeholder that is not one of params',
    ],
    ['a life of no time', { lifetimes: { access_token_seconds: 0 } }, 'must be at least 1 second'],
  ])('refuses overrides with %s and names it', (_, overrides, problem) => {
    expect(overriding(overrides)).toEqual([expect.stringContaining(problem)]);
    expect(overriding(overrides).join()).not.toContain(canary);
  });

  it.each(['http://127.0.0.1:3007/token', 'http://localhost/token', 'http://[::1]:1/token'])(
    'allows %s, since it cannot leave the machine',
    (url) => {
      expect(overriding({ token: { url } })).toEqual([]);
    },
  );

  it('takes choices for what they stand for, and defaults where nothing is said', () => {
    const client = aClient({ provider: 'hurdlr', params: { environment: 'production' } });

    expect(client.params).toEqual({ environment: 'prod.hurdlr.com', tokens_for: 'accountant' });
  });

  it.each<[string, object, string]>([
    ['an unknown param', { params: { company: 'a', compny: canary } }, 'params.compny is not a'],
    ['a param that is not there', { params: {} }, 'params.company is required'],
    ['a param of the wrong form', { params: { company: `${canary}.` } }, 'params.company must be'],
  ])('refuses %s and names it', (_, members, problem) => {
    const problems = problemsOf(() => aClient({ provider: 'hurma', ...members }));

    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain(canary);
  });

  it('refuses a choice that is none and names those there are', () => {
    const params = { environment: canary, tokens_for: 'toString' };

    expect(problemsOf(() => aClient({ provider: 'hurdlr', params }))).toEqual([
      'params.environment must be one of sandbox, production',
      'params.tokens_for must be one of accountant, user',
    ]);
  });

  it('refuses a value outside ASCII for a param that is sent in a header', () => {
    const definition = {
      params: { partner: { of: 'registration', description: 'partner' } },
      token: { url: 'https://as.example.com/token', headers: { 'X-Partner': '{partner}' } },
    } as const;

    const make = (partner: string) => () => aClientOf(definition, { params: { partner } });

    expect(problemsOf(make('ünï'))).toEqual([
      expect.stringMatching(/^params\.partner must be ASCII/),
    ]);
    expect(problemsOf(make('plain'))).toEqual([]);
  });

  it('refuses a second client authentication in one request (RFC 6749 §2.3)', () => {
    const token_request_headers = { authorization: 'Bearer t' };
    const basic = { token: { client_authentication: 'client_secret_basic' } };

    expect(overriding(basic, { token_request_headers })).toEqual([
      expect.stringMatching(/^token_request_headers\.Authorization cannot stand beside/),
    ]);
    expect(overriding(basic)).toEqual([]);
    expect(overriding({}, { token_request_headers })).toEqual([]);
  });

  it('lets no value of a param change more than its own label and segment', () => {
    const definition = {
      params: { company: { of: 'registration', format: 'host_label', description: 'company' } },
      token: { url: 'https://{company}.as.example.com/{company}/token?tenant={company}' },
    } as const;
    const label = fc.stringMatching(/^[a-z0-9][a-z0-9.:@/?#%-]{0,4}$/);

    fc.assert(
      fc.property(fc.oneof(label, fc.string({ unit: 'binary' })), (company) => {
        const make = () => aClientOf(definition, { params: { company } });
        if (problemsOf(make).length > 0) return;

        const url = new URL(tokenRequestShape(make(), 'refresh_token').url);

        expect(url.hostname).toBe(`${company}.as.example.com`);
        expect(url.pathname).toBe(`/${company}/token`);
        expect([...url.searchParams]).toEqual([['tenant', company]]);
      }),
    );
  });
});
