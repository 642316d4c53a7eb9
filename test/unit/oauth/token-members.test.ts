import { describe, expect, it } from 'vitest';
import { valueAt } from '../../../lib/oauth/provider-body.ts';
import { readTokenMembers } from '../../../lib/oauth/token-members.ts';
import {
  aClient,
  bearer,
  grantedAnswer,
  json,
  refreshAnswered,
  sentAt,
  text,
} from './token-endpoint-fixtures.ts';

describe('a token answer', () => {
  it('is read as RFC 6749 §5.1 has it', async () => {
    const answer = await grantedAnswer(
      json({ ...bearer, expires_in: 3600, refresh_token: 'r-1', scope: 'read write' }),
    );

    expect(answer).toMatchObject({
      tokenType: 'Bearer',
      scope: 'read write',
      expiresAt: sentAt + 3600,
      expirySource: 'expires_in',
      obtainedAt: sentAt,
    });
    expect(answer.accessToken.reveal()).toBe('a-1');
    expect(answer.refreshToken?.reveal()).toBe('r-1');
  });

  it.each([
    ['scope is null', { ...bearer, scope: null }],
    ['refresh_token is empty', { ...bearer, refresh_token: '' }],
    ['refresh_token is null', { ...bearer, refresh_token: null }],
    ['refresh_token is false', { ...bearer, refresh_token: false }],
    ['there is no token_type', { access_token: 'a-1' }],
    ['token_type is null', { access_token: 'a-1', token_type: null }],
    ['token_type is in capitals', { access_token: 'a-1', token_type: 'BEARER' }],
    ['expires_in is text', { ...bearer, expires_in: 'abc' }],
    ['expires_in is an object', { ...bearer, expires_in: { seconds: 3600 } }],
    ['there is a stray id_token', { ...bearer, id_token: 'not.a.jwt' }],
    ['id_token is a number', { ...bearer, id_token: 7 }],
    ['error is empty', { ...bearer, error: {} }],
    ['error is null', { ...bearer, error: null }],
    ['error is an empty list', { ...bearer, error: [] }],
    ['a member is called __proto__', JSON.parse('{"access_token":"a-1","__proto__":{"x":1}}')],
  ])('is understood when %s', async (_, body) => {
    const answer = await grantedAnswer(json(body));

    expect(answer.accessToken.reveal()).toBe('a-1');
    expect(answer.tokenType).toBe('Bearer');
    expect(answer.refreshToken).toBeUndefined();
    expect(answer.scope).toBeUndefined();
    expect(answer.expirySource).toBe('unknown');
  });

  it.each([
    ['status 201', json(bearer, { status: 201 })],
    ['a charset', text(JSON.stringify(bearer), 'application/json; charset=UTF-8')],
    ['JSON that calls itself HTML', text(JSON.stringify(bearer), 'text/html; charset=utf-8')],
    ['JSON without a media type', { status: 200, headers: {}, body: JSON.stringify(bearer) }],
    ['a vendor media type', text(JSON.stringify(bearer), 'application/vnd.example.v1+json')],
    ['a form', text('access_token=a-1&token_type=bearer', 'application/x-www-form-urlencoded')],
    ['a form that calls itself text', text('access_token=a-1&expires=0', 'text/plain')],
    [
      'a WWW-Authenticate header',
      json(bearer, {
        headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
      }),
    ],
  ])('is read with %s', async (_, response) => {
    const answer = await grantedAnswer(response);

    expect(answer.accessToken.reveal()).toBe('a-1');
  });

  it.each([
    ['a list', ['read', 'write'], ' ', 'read write'],
    ['joined with commas', 'read,write', ',', 'read write'],
    ['joined with +', 'read+write', '+', 'read write'],
    ['empty', '', ' ', undefined],
    ['a list of nothing', [], ' ', undefined],
    ['a number', 7, ' ', undefined],
    ['not in the alphabet of RFC 6749 §3.3', 'läsen', ' ', undefined],
  ])('has its scope read when that is %s', async (_, scope, separator, expected) => {
    const client = aClient({ definition: { scope: { separator } } });

    expect((await grantedAnswer(json({ ...bearer, scope }), client)).scope).toBe(expected);
  });

  it('is read from the paths of the definition, the first that has a value', async () => {
    const client = aClient({
      definition: {
        answer: {
          access_token: ['accessToken', 'data.accessToken'],
          refresh_token: ['data.refreshToken'],
          account_id: ['data.users.0.id'],
          values: { instance_url: ['data.url'], tenant: ['data.absent'], is_live: ['data.live'] },
        },
      },
    });

    const answer = await grantedAnswer(
      json({
        accessToken: null,
        data: {
          accessToken: 'a-1',
          refreshToken: 'r-1',
          users: [{ id: 42 }],
          url: 'https://eu.example',
          live: true,
        },
      }),
      client,
    );

    expect(answer.accessToken.reveal()).toBe('a-1');
    expect(answer.refreshToken?.reveal()).toBe('r-1');
    expect(answer.accountId).toBe('42');
    expect(answer.values).toEqual({ instance_url: 'https://eu.example', is_live: 'true' });
  });

  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-9007199254740993', '-9007199254740993'],
    ['90071992547409930e-1', '90071992547409930e-1'],
    ['1e16', '1e16'],
    ['12E20', '12E20'],
    ['9007199254740991', '9007199254740991'],
    ['42', '42'],
    ['4.2e1', '42'],
  ])(
    'keeps every digit of the account id %s, so that two accounts never look the same',
    async (id, kept) => {
      const client = aClient({ definition: { answer: { account_id: ['id'] } } });
      const body = `{"access_token":"a-1","id":${id}}`;

      const answer = await grantedAnswer(text(body, 'application/json'), client);

      expect(answer.accountId).toBe(kept);
    },
  );

  it('leaves out a value that cannot be shown on one line', async () => {
    const client = aClient({
      definition: { answer: { values: { a: ['a'], b: ['b'], c: ['c'] } } },
    });
    const body = { ...bearer, a: 'bell\u0007', b: 'x'.repeat(2000), c: { nested: true } };

    expect((await grantedAnswer(json(body), client)).values).toEqual({});
  });

  it.each([
    ['the token has a line break', { access_token: 'a\r\nb' }, 'malformed'],
    ['the token has a space', { access_token: 'a b' }, 'malformed'],
    ['the token is not ASCII', { access_token: 'tökén' }, 'malformed'],
    ['the token is longer than 16 KB', { access_token: 'a'.repeat(16_385) }, 'malformed'],
    ['the refresh token has a line break', { ...bearer, refresh_token: 'r\n' }, 'malformed'],
    ['the scope has a line break', { ...bearer, scope: 'read\nwrite' }, 'malformed'],
    ['a scope in a list has one', { ...bearer, scope: ['read', 'write\r\nx'] }, 'malformed'],
    ['the token type has one', { ...bearer, token_type: 'Bearer\r\n' }, 'malformed'],
    ['a number in text has one', { ...bearer, expires_in: '3600\n' }, 'malformed'],
    ['there is no token', {}, 'no_access_token'],
    ['the token is empty', { access_token: '' }, 'no_access_token'],
    ['the token is a number', { access_token: 7 }, 'no_access_token'],
    [
      'the token is in the prototype',
      JSON.parse('{"__proto__":{"access_token":"x"}}'),
      'no_access_token',
    ],
    ['the token type is mac', { access_token: 'a-1', token_type: 'mac' }, 'token_type'],
    ['the token type is DPoP', { access_token: 'a-1', token_type: 'DPoP' }, 'token_type'],
    ['the token type is a number', { access_token: 'a-1', token_type: 1 }, 'token_type'],
  ])('is invalid when %s', async (_, body, trouble) => {
    expect(await refreshAnswered(json(body))).toEqual({
      outcome: 'answer_invalid',
      trouble,
      httpStatus: 200,
    });
  });

  it('is read from own members only, never from what every object inherits', async () => {
    const client = aClient({
      definition: {
        answer: { account_id: ['constructor.name'], values: { text: ['toString.name'] } },
      },
    });

    const inherited = { constructor: { name: 'x' }, toString: { name: 'y' } };
    const answer = await grantedAnswer(json(bearer), client);

    expect(answer.accountId).toBeUndefined();
    expect(answer.values).toEqual({});
    expect(valueAt(Object.create(inherited), 'constructor.name')).toBeUndefined();
  });

  it('is copied, the wanted members alone, into an object without prototype', () => {
    const { definition } = aClient();

    const members = readTokenMembers(definition, { ...bearer, id_token: 'x', extra: {} }, 200);

    expect(Object.getPrototypeOf(members)).toBeNull();
    expect(Object.keys(members)).toEqual(['access_token', 'token_type', 'values']);
  });

  it('takes a token of 16 KB', async () => {
    const token = 'a'.repeat(16_384);

    expect((await grantedAnswer(json({ access_token: token }))).accessToken.reveal()).toBe(token);
  });
});
