import { expect, it } from 'vitest';
import { describeDialect, listUnset, pkceOptOut } from '../../cli/definition-report.ts';
import { catalogue } from '../../lib/providers/catalogue.ts';
import { aDefinition } from '../support/clients.ts';
import { runEvergrant } from '../support/evergrant.ts';

it('lists and shows every definition', async () => {
  const { json } = await runEvergrant('providers list --json');
  const names: readonly string[] = json().providers.map(({ name }: { name: string }) => name);

  expect(names).toEqual([...catalogue.keys()]);
  for (const name of names) {
    const shown = await runEvergrant(`providers show ${name} --json`);
    expect(shown.code).toBe(0);
    expect(shown.json()).toMatchObject({ name, definition: catalogue.get(name) });
  }
});

it('does not know others', async () => {
  const { code, notes } = await runEvergrant('providers show nobody');

  expect(code).toBe(5);
  expect(notes).toContain('hurma');
});

it('shows that a definition does without PKCE', async () => {
  const { output } = await runEvergrant('providers show hurma');

  expect(output).toMatch(/^PKCE is off/m);
  expect((await runEvergrant('providers show oauth2')).output).not.toContain('PKCE');
  expect(pkceOptOut(aDefinition())).toBeUndefined();
});

it('finds what is wrong in a file: schema, unknown members, contradictions', async () => {
  const definition = {
    name: 'acme',
    title: 'Acme',
    documentation: 'https://acme.example/docs',
    authorize: { url: 'https://{host}.acme.example/authorize', params: { state: 'x' } },
    token: { url: 'https://acme.example/token', method: 'GET' },
    grants: { authorization_code: {} },
  };
  const check = (input: object) =>
    runEvergrant('providers check --json', { input: JSON.stringify(input) });

  const contradictory = await check(definition);
  const misspelt = await check({ ...definition, grant: {} });

  expect(contradictory.code).toBe(3);
  expect(contradictory.json()).toEqual({
    valid: false,
    problems: [
      'authorize.url mentions a placeholder that is not one of params',
      'authorize.params.state is set by the flow itself and cannot be fixed',
      'grants.authorization_code is a GET: parameters_in must be query',
    ],
  });
  expect(misspelt.json().problems).toContain('grant is not a known member');
});

it('checks a file, and tells what it is to be called', async () => {
  const file = 'lib/providers/hurdlr.json';

  expect((await runEvergrant(`providers check ${file}`)).output).toMatch(
    /^The definition is valid/,
  );
  expect((await runEvergrant('providers check lib/providers/none.json')).code).toBe(2);
  expect((await runEvergrant('providers check', { input: '{' })).code).toBe(2);
});

it('finds nothing to say of a provider that does as RFC 6749', () => {
  expect(describeDialect(aDefinition())).toEqual([]);
});

it('tells each thing that is otherwise, and no value of a fixed parameter', () => {
  const dialect = describeDialect(
    aDefinition({
      authorize: {
        url: 'https://as.example.com/authorize',
        names: { response_type: false, client_id: 'clientId' },
        params: { prompt: 'secret-1' },
        callback: { names: { code: 'auth_code' }, values: { realm: 'realmId' } },
        issuer: 'https://as.example.com',
      },
      token: {
        url: 'https://as.example.com/token',
        parameters_in: 'json',
        client_authentication: 'client_secret_basic',
        headers: { 'x-key': 'secret-2' },
      },
      grants: { authorization_code: {}, refresh_token: { method: 'GET', parameters_in: 'query' } },
      revoke: { url: 'https://as.example.com/revoke', names: { token: 'accessToken' } },
      answer: { access_token: ['data.token'], unit: 'milliseconds', values: { shop: ['shop'] } },
      failures: [{ http_status: [200], where: { path: 'code', in: [7] }, means: 'invalid_grant' }],
      api: { token_in: 'query', query: { name: 'key' } },
      scope: { default: 'all', separator: ',' },
      rotation: { grace_seconds: 60 },
      lifetimes: { access_token_seconds: 3600 },
    }),
  );

  expect(dialect).toEqual([
    'authorize: response_type is not sent',
    'authorize: client_id is called clientId',
    'authorize: prompt is added',
    'callback: code is called auth_code',
    'callback: realm is kept with the connection',
    'callback: iss is required (RFC 9207)',
    'scope: tokens are joined by ","',
    'scope: "all" is asked for by default',
    'token: parameters as json',
    'token: the client authenticates by HTTP Basic',
    'token: header x-key is sent',
    'refresh_token: sent by GET',
    'refresh_token: parameters as query',
    'answer: access_token is read from data.token',
    'answer: shop is kept with the connection',
    'answer: times are in milliseconds',
    'failure: status 200, code 7 means invalid_grant',
    'rotation: a replaced refresh token works for 60 s more',
    'lifetimes: access_token_seconds 3600',
    'api: the token goes into query parameter key',
    'revoke: token is called accessToken',
    'revoke: the client uses client_secret_post',
  ]);
});

it('tells what nobody has told', () => {
  const members = listUnset(
    aDefinition({
      authorize: { url: null },
      token: { url: null },
      grants: { refresh_token: { url: 'https://as.example.com/refresh' }, password: {} },
    }),
  ).map(({ member }) => member);

  expect(members).toEqual([
    'authorize.url',
    'token.url',
    'revoke',
    'rotation',
    'lifetimes.access_token_seconds',
    'answer.account_id',
    'api.base_url',
  ]);
});
