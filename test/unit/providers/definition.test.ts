import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DefinitionInput, definitionSchema } from '../../../lib/providers/definition.ts';
import { buildJsonSchema } from '../../../lib/providers/json-schema.ts';
import { readStrictly } from '../../../lib/read-strictly.ts';
import { aDefinition } from './a-client.ts';
import { schemaMembers } from './schema-members.ts';

const problemsIn = (members: Partial<DefinitionInput>) => {
  const reading = readStrictly(definitionSchema, aDefinition(members));
  return reading.outcome === 'read' ? [] : reading.problems;
};
const tokenUrl = 'https://as.example.com/token';
const tenant = { of: 'registration', description: 'tenant', format: 'host_label' } as const;

describe('a definition', () => {
  it('is a few lines where the provider is plain RFC 6749', () => {
    expect(problemsIn({})).toEqual([]);
  });

  it.each<[string, Partial<DefinitionInput>, string]>([
    [
      'a placeholder that is no param',
      { token: { url: 'https://{tenant}.example.com/token' } },
      'token.url mentions a placeholder',
    ],
    [
      'a placeholder that only every object has',
      { token: { url: tokenUrl, params: { a: '{constructor}' } } },
      'token.params.a mentions a placeholder',
    ],
    [
      'a connection’s param in a URL',
      {
        params: { tenant: { ...tenant, of: 'connection' } },
        token: { url: 'https://{tenant}.example.com/token' },
      },
      'token.url mentions {tenant}, a param of the connection',
    ],
    [
      'free text in a URL',
      {
        params: { tenant: { ...tenant, format: 'text' } },
        grants: { password: { url: 'https://{tenant}.example.com/token' } },
      },
      'grants.password.url mentions {tenant}, which must be a host_label or have choices',
    ],
    [
      'choices in a URL that are more than a host and a path',
      {
        params: { tenant: { ...tenant, choices: { a: 'evil.example/?x#' } } },
        api: { base_url: 'https://{tenant}/api' },
      },
      'api.base_url mentions {tenant}, whose choices',
    ],
    [
      'a default that is no choice',
      { params: { tenant: { ...tenant, choices: { a: 'b' }, default: 'b' } } },
      'params.tenant.default must be one of its choices',
    ],
    [
      'the code grant without an authorize',
      { authorize: undefined },
      'grants.authorization_code is offered',
    ],
    [
      'a GET with a body',
      { token: { url: tokenUrl, method: 'GET' }, grants: { password: {} } },
      'grants.password is a GET',
    ],
    [
      'a fixed redirect_uri',
      { authorize: { url: 'https://a.example', params: { redirect_uri: 'https://b.example' } } },
      'authorize.params.redirect_uri is set by the flow',
    ],
    [
      'a fixed request object (RFC 9101)',
      { authorize: { url: 'https://a.example', params: { request_uri: 'https://b.example' } } },
      'authorize.params.request_uri is set by the flow',
    ],
    ...[
      'client_id',
      'response_type',
      'state',
      'code_challenge',
      'code_challenge_method',
      'request',
    ].map((name): [string, object, string] => [
      `a fixed ${name}`,
      { authorize: { url: 'https://a.example', params: { [name]: 'x' } } },
      `authorize.params.${name} is set by the flow`,
    ]),
    [
      'a fixed parameter under the provider’s own name for state',
      { authorize: { url: 'https://a.example', names: { state: 'ctx' }, params: { ctx: '1' } } },
      'authorize.params.ctx is set by the flow',
    ],
    [
      'a client_id in the query of its authorization endpoint',
      { authorize: { url: 'https://a.example/?x=1&client_id=evil' } },
      'authorize.url must not carry client_id',
    ],
    [
      'two parameters of the authorization request under one name',
      { authorize: { url: 'https://a.example', names: { state: 'redirect_uri' } } },
      'authorize.names.state is the name of another parameter',
    ],
    [
      'two parameters of a token request under one name',
      { grants: { password: { names: { username: 'password' } } } },
      'grants.password.names.password is the name of another parameter',
    ],
    [
      'a grant_type that would stand in the place of ours',
      {
        token: { url: tokenUrl, params: { grant_type: 'authorization_code' } },
        grants: { refresh_token: {} },
      },
      'grants.refresh_token sends grant_type already',
    ],
    [
      'a parameter under a renamed one’s name',
      {
        grants: { password: { names: { username: 'login' }, params: { login: 'x' } } },
      },
      'grants.password sends username already',
    ],
    [
      'two client authentications in one request (RFC 6749 §2.3)',
      {
        grants: {
          password: {
            client_authentication: 'client_secret_basic',
            headers: { authorization: 'Bearer x' },
          },
        },
      },
      'grants.password has an Authorization header beside client_secret_basic',
    ],
    [
      'a header that frames the message',
      { token: { url: tokenUrl, headers: { 'Content-Length': '0' } } },
      'token.headers.Content-Length is a header that the transport sets',
    ],
  ])('is refused with %s', (_, members, problem) => {
    expect(problemsIn(members)).toEqual([expect.stringContaining(problem)]);
  });

  it('may send a grant_type of its own where ours is dropped', () => {
    const own = { names: { grant_type: false }, params: { grant_type: 'account_credentials' } };

    expect(problemsIn({ grants: { client_credentials: own as object } })).toEqual([]);
  });

  it('may have a parameter that is called url', () => {
    const params = { tenant: { ...tenant, format: 'text' } } as const;

    expect(problemsIn({ params, token: { url: tokenUrl, params: { url: '{tenant}' } } })).toEqual(
      [],
    );
  });
});

describe('definition.schema.json', () => {
  it('is what `npm run schema` writes', () => {
    const written = readFileSync('lib/providers/definition.schema.json', 'utf8');

    expect(JSON.parse(written)).toEqual(JSON.parse(buildJsonSchema()));
  });
});

/** Files that say what a definition is, and so prove nothing of its use. */
const language =
  /^lib\/providers\/(definition|definition-syntax|contradictions|templates|token-request-shape|json-schema|write-json-schema)\.ts$/;

/** The code that definitions are for, without comments. */
const readers = ['lib/oauth', 'lib/providers', 'lib/broker']
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .filter((file) => file.endsWith('.ts') && !language.test(file))
  .map((file) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
  .join('\n');

/** Names in token requests are read by the translation of any name: see names-on-the-wire. */
const translated = /^(token|grants\.\w+|revoke)\.names\./;

describe('every member of a definition', () => {
  it('is walked by this test', () => {
    expect(schemaMembers).toContain('authorize.callback.names.code');
    expect(schemaMembers).toContain('grants.refresh_token.names.client_id');
    expect(schemaMembers).toContain('failures.where.path');
    expect(schemaMembers).toContain('rotation.grace_seconds');
    expect(schemaMembers).toContain('params.choices');
  });

  // What `$schema` says is for editors.
  const paths = schemaMembers.filter((path) => path !== '$schema' && !translated.test(path));

  it.each([...new Set(paths.map((path) => path.split('.').at(-1) ?? ''))])(
    '%s is read by some code',
    (name) => {
      const read = new RegExp(`\\.${name}\\b|'${name}'|[{,[]\\s*${name}\\b`);

      expect(read.test(readers)).toBe(true);
    },
  );
});
