import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import {
  endpointOrigins,
  fillTemplate,
  offersGrant,
  parseConnectionParams,
  tokenRequestShape,
} from '../../../lib/providers/params.ts';
import { aClient, aClientOf, problemsOf } from './a-client.ts';

const hurdlr = (params: object = {}) =>
  aClient({ provider: 'hurdlr', params: { environment: 'sandbox', ...params } });

const withParams = (members: object = {}) =>
  aClientOf(
    {
      params: {
        region: { of: 'registration', description: 'region', choices: { eu: '127.0.0.1:8080/eu' } },
        label: { of: 'registration', description: 'label', format: 'host_label' },
        audience: { of: 'connection', description: 'audience', default: 'all' },
        plan: { of: 'connection', description: 'plan', choices: { small: 'S-1' } },
      },
      authorize: { url: 'https://{label}.example.com/a', params: { audience: '{audience}' } },
      token: { url: 'http://{region}/token', params: { plan: '{plan}' } },
    },
    { params: { region: 'eu', label: 'acme' }, ...members },
  );

describe('parseConnectionParams', () => {
  it('takes what is the connection’s', () => {
    expect(parseConnectionParams(hurdlr(), { userId: '4711' })).toEqual({ userId: '4711' });
  });

  it('takes nothing for granted when nothing is given', () => {
    expect(parseConnectionParams(hurdlr(), undefined)).toEqual({});
  });

  it('fills in defaults and what choices stand for', () => {
    expect(parseConnectionParams(withParams(), { plan: 'small' })).toEqual({
      audience: 'all',
      plan: 'S-1',
    });
  });

  it('leaves out what the registration sets, which wins in every template', () => {
    const client = hurdlr({ userId: 'ours' });

    const params = parseConnectionParams(client, { userId: 'theirs' });

    expect(params).toEqual({});
    expect(fillTemplate(client, { userId: 'theirs' }, '{userId}')).toBe('ours');
  });

  it.each<[string, unknown, string]>([
    ['a param of the registration', { environment: 'production' }, 'params.environment is set by'],
    ['an unknown param', { user: '1' }, 'params.user is not a param of hurdlr'],
    ['a member of every object', { constructor: '1' }, 'params.constructor is not a param'],
    ['a number', { userId: 7 }, 'params.userId must be a string'],
    ['an empty value', { userId: '' }, 'params.userId must be 1 to 256 characters'],
    ['a line break', { userId: 'canary\r\n' }, 'params.userId must be 1 to 256 characters'],
    ['half a character', { userId: '\ud800' }, 'params.userId must be 1 to 256 characters'],
    ['a list', ['canary'], 'params must be an object'],
    ['null', null, 'params must be an object'],
  ])('refuses %s and names it', (_, input, problem) => {
    const problems = problemsOf(() => parseConnectionParams(hurdlr(), input));

    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain('canary');
  });

  it('answers any input with declared params or a fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        try {
          const params = parseConnectionParams(hurdlr(), input);
          expect(Object.keys(params).filter((name) => name !== 'userId')).toEqual([]);
        } catch (error) {
          expect(isFault(error) && error.code).toBe('REQUEST_INVALID');
        }
      }),
    );
  });
});

describe('fillTemplate', () => {
  it('says which param is missing and what it is', () => {
    expect(problemsOf(() => fillTemplate(hurdlr(), {}, '{userId}'))).toEqual([
      expect.stringMatching(/^params\.userId is required: the id of the accountant/),
    ]);
  });

  it('puts a choice into a URL as the definition has it, port and path included', () => {
    expect(fillTemplate(withParams(), {}, 'http://{region}/token')).toBe(
      'http://127.0.0.1:8080/eu/token',
    );
  });

  it('keeps any value of a connection within its segment of a URL', () => {
    const client = withParams();

    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (value) => {
        const read = () => parseConnectionParams(client, { audience: value });
        if (problemsOf(read).length > 0) return;

        const params = read();
        const url = new URL(fillTemplate(client, params, 'https://a.example/x?q={audience}&r=1'));

        expect(url.origin).toBe('https://a.example');
        expect([...url.searchParams]).toEqual([
          ['q', value],
          ['r', '1'],
        ]);
      }),
    );
  });

  it('does not fill in what a value happens to say', () => {
    expect(fillTemplate(withParams(), { audience: '{label}' }, '{audience}')).toBe('{label}');
  });
});

describe('tokenRequestShape', () => {
  const client = aClientOf({
    token: {
      url: 'https://as.example.com/token',
      names: { client_id: 'app', grant_type: false },
      params: { a: '1', b: '1' },
      headers: { 'X-A': '1' },
    },
    grants: {
      authorization_code: {},
      refresh_token: {
        url: 'https://as.example.com/refresh',
        method: 'GET',
        parameters_in: 'query',
        client_authentication: 'client_secret_basic',
        names: { refresh_token: 'rt' },
        params: { b: '2' },
        headers: { 'X-B': '2' },
      },
    },
  });

  it('lays what a grant does otherwise over token, name by name', () => {
    expect(tokenRequestShape(client, 'refresh_token')).toEqual({
      url: 'https://as.example.com/refresh',
      method: 'GET',
      parameters_in: 'query',
      client_authentication: 'client_secret_basic',
      names: { client_id: 'app', grant_type: false, refresh_token: 'rt' },
      params: { a: '1', b: '2' },
      headers: { 'X-A': '1', 'X-B': '2' },
    });
  });

  it('says of a grant that is not offered what to set, and where', () => {
    const [problem] = problemsOf(() => tokenRequestShape(client, 'password'));

    expect(problem).toContain('provider_overrides.grants.password');
    expect(problem).toContain('evergrant/{stage}/clients/acme');
    expect(offersGrant(client, 'password')).toBe(false);
  });
});

describe('endpointOrigins', () => {
  it('lists each origin that is sent credentials once, sorted, and not the authorize URL’s', () => {
    const client = aClientOf({
      authorize: { url: 'https://login.example.com/authorize' },
      token: { url: 'https://z.example.com/token' },
      grants: {
        authorization_code: {},
        refresh_token: { url: 'https://a.example.com:8443/refresh' },
      },
      revoke: { url: 'https://z.example.com/revoke' },
    });

    expect(endpointOrigins(client)).toEqual([
      'https://a.example.com:8443',
      'https://z.example.com',
    ]);
  });
});
