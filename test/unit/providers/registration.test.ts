import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import type { ClientName } from '../../../lib/names.ts';
import { parseRegistration } from '../../../lib/providers/registration.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';
import { aRegistration, problemsOf } from './a-client.ts';

const name = 'acme' as ClientName;
const parse = (members: object) => parseRegistration(name, aRegistration(members));
const problems = (members: object) => problemsOf(() => parse(members));
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

describe('parseRegistration', () => {
  it('reads the least there can be: a public client', () => {
    const text = JSON.stringify({ provider: 'hurma', client_id: 'app' });

    expect(parseRegistration(name, text)).toEqual({
      provider: 'hurma',
      client_id: 'app',
      params: {},
      return_urls: [],
      token_request_headers: {},
      provider_overrides: {},
    });
  });

  it.each([
    ['one secret', { client_secret: 'hush' }],
    ['a new secret and an old one', { client_secret: undefined, client_secrets: ['new', 'old'] }],
    ['a signing key', { client_secret: undefined, private_key: { ...jwk, alg: 'ES256' } }],
    ['a scope', { scope: 'read write:all' }],
    ['a page to return to', { return_urls: ['https://app.example.com/done?from=oauth'] }],
    ['a page on loopback', { return_urls: ['http://127.0.0.1:3006/', 'http://[::1]/x'] }],
    ['headers', { token_request_headers: { Authorization: 'Bearer t', 'X-Api-Key': 'k' } }],
  ])('reads %s', (_, members) => {
    expect(problems(members)).toEqual([]);
  });

  it.each([
    ['', 'the secret must be one JSON object'],
    ['{"client_secret":"canary', 'the secret must be one JSON object'],
    ['["canary"]', 'the secret must be one JSON object'],
    ['null', 'the secret must be one JSON object'],
  ])('refuses %j without repeating any of it', (text, problem) => {
    expect(problemsOf(() => parseRegistration(name, text))).toEqual([problem]);
  });

  it.each<[string, object, string]>([
    ['no provider', { provider: undefined }, 'provider is required'],
    ['no client id', { client_id: undefined }, 'client_id is required'],
    ['an empty client id', { client_id: '' }, 'client_id must be 1 to 1024'],
    ['a client id of a number', { client_id: 7 }, 'client_id must be a string'],
    ['a secret with a line break', { client_secret: 'canary\n' }, 'client_secret must be 1 to'],
    [
      'two kinds of credential',
      { client_secrets: ['canary'] },
      'client_secret, client_secrets: only one',
    ],
    [
      'three secrets',
      { client_secret: undefined, client_secrets: ['a', 'b', 'c'] },
      'client_secrets must have at most 2',
    ],
    [
      'an empty list of secrets',
      { client_secret: undefined, client_secrets: [] },
      'client_secrets must have at least 1',
    ],
    ['a param of a number', { params: { company: 7 } }, 'params.company must be a string'],
    ['params as a list', { params: [] }, 'params must be an object'],
    ['a scope with two spaces', { scope: 'a  b' }, 'scope must be scope tokens'],
    ['return URLs as text', { return_urls: 'https://a.example' }, 'return_urls must be a list'],
    [
      'a header of two lines',
      { token_request_headers: { 'X-A': 'canary\r\nB: c' } },
      'token_request_headers.X-A must be visible ASCII',
    ],
    [
      'a header that the transport sets',
      { token_request_headers: { Host: 'evil.example' } },
      'token_request_headers.Host is a header that the transport sets',
    ],
    [
      'a header twice',
      { token_request_headers: { 'X-A': 'b', 'x-a': 'c' } },
      'token_request_headers.x-a is there twice',
    ],
    ['overrides as text', { provider_overrides: 'canary' }, 'provider_overrides must be an object'],
    ['another name', { provider_overrides: { name: 'canary' } }, 'provider_overrides.name cannot'],
  ])('refuses %s and names it', (_, members, problem) => {
    expect(problems(members)).toEqual([expect.stringContaining(problem)]);
    expect(problems(members).join()).not.toContain('canary');
  });

  it('names every unknown member, not only the first', () => {
    expect(problems({ client_sceret: 'canary', scopes: 'canary', client_id: '' })).toEqual([
      expect.stringMatching(/^client_id must/),
      'client_sceret is not a known member',
      'scopes is not a known member',
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('refuses a member named %s', (member) => {
    const text = `{"provider":"oauth2","client_id":"a","provider_overrides":{"api":{"${member}":{}}}}`;

    expect(problemsOf(() => parseRegistration(name, text))).toEqual([
      `provider_overrides.api.${member} is not a known member`,
    ]);
  });

  it('refuses what is nested deeper than any definition', () => {
    const text = `{"provider":"oauth2","client_id":"a","provider_overrides":${'{"a":'.repeat(9999)}1${'}'.repeat(9999)}}`;

    expect(problemsOf(() => parseRegistration(name, text)).join()).toContain('nested too deeply');
  });

  it.each([
    'http://app.example.com/done',
    'http://127.0.0.1.example.com/',
    'https://user@app.example.com/',
    'https://@app.example.com/',
    'https://app.example.com/#fragment',
    'https://app.example.com//evil.example',
    'https://app.example.com\\@evil.example',
    'https:///evil.example',
    'https:app.example.com',
    '//app.example.com/',
    'javascript:alert(1)',
    'https://app.example.com/a\tb',
    'https://app.example.com/ a',
    '',
  ])('refuses the return URL %j', (url) => {
    expect(problems({ return_urls: ['https://app.example.com/', url] })).toEqual([
      expect.stringMatching(/^return_urls\.1 must be an https URL/),
    ]);
  });

  it.each<[string, object]>([
    ['without alg', { ...jwk }],
    ['with an alg of another kind', { ...jwk, alg: 'RS256' }],
    ['that is public', { ...jwk, alg: 'ES256', d: undefined }],
    ['that is symmetric', { kty: 'oct', k: 'AAAA', alg: 'HS256' }],
    ['that is broken', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'AA', alg: 'ES256' }],
  ])('refuses a signing key %s', (_, private_key) => {
    expect(problems({ client_secret: undefined, private_key })).toEqual([
      expect.stringMatching(/^private_key must be a private JWK/),
    ]);
  });

  it('ends for any text in a registration or a named fault, and never repeats a value', () => {
    const canary = 'c4n4ry';
    const value = fc.oneof(
      fc.constant(canary),
      fc.jsonValue({ maxDepth: 3 }),
      fc.constant({ [canary.length]: canary }),
      fc.constant([canary]),
    );
    const members = fc.dictionary(
      fc.oneof(
        fc.constantFrom(
          'provider',
          'client_id',
          'client_secret',
          'client_secrets',
          'private_key',
          'params',
          'scope',
          'return_urls',
          'token_request_headers',
          'provider_overrides',
        ),
        fc.string(),
      ),
      value,
    );

    fc.assert(
      fc.property(
        fc.oneof(
          members.map((m) => JSON.stringify(m)),
          fc.string(),
        ),
        (text) => {
          try {
            resolveClient(name, text, 'v1');
          } catch (error) {
            expect(isFault(error) && error.code).toBe('REGISTRATION_INVALID');
            expect(problemsOf(() => resolveClient(name, text, 'v1')).length).toBeGreaterThan(0);
            expect(JSON.stringify(error)).not.toContain(canary);
          }
        },
      ),
    );
  });
});
