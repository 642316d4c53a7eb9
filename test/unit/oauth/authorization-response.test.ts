import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import { judgeIssuer, readCallback } from '../../../lib/oauth/authorization-response.ts';
import { problemsOf } from '../providers/a-client.ts';

const plain = { names: {}, values: {} };
const state = 'S'.repeat(43);
const read = (query: string) => readCallback(query, plain);

describe('readCallback', () => {
  it('reads a code under its state (RFC 6749 §4.1.2)', () => {
    const { state: claimed, issuer, answer } = read(`code=c-1&state=${state}`);

    expect(claimed.reveal()).toBe(state);
    expect(issuer).toBeUndefined();
    expect(answer.outcome === 'granted' && answer.code.reveal()).toBe('c-1');
  });

  it('passes iss on, decoded and unjudged (RFC 9207 §2)', () => {
    const { issuer } = read(`code=c&state=${state}&iss=https%3A%2F%2Fas.example.com`);

    expect(issuer).toBe('https://as.example.com');
  });

  it.each([
    ['access_denied', 'access_denied'],
    ['server_error', 'provider_unavailable'],
    ['temporarily_unavailable', 'provider_unavailable'],
    ['unauthorized_client', 'client_refused'],
    ['invalid_client', 'client_refused'],
    ['invalid_scope', 'invalid_response'],
    ['unsupported_response_type', 'invalid_response'],
    ['', 'invalid_response', 'other'],
    ['constructor', 'invalid_response', 'other'],
  ])(
    'puts the error %j into our own word %s (RFC 6749 §4.1.2.1)',
    (error, word, stated = error) => {
      expect(read(`error=${error}&state=${state}`).answer).toEqual({
        outcome: 'refused',
        error: word,
        stated,
      });
    },
  );

  it('repeats nothing that a refusal says', () => {
    const said = encodeURIComponent('<script>alert(1)</script>\r\nSet-Cookie: a=b');

    const response = read(`error=${said}&error_description=${said}&error_uri=x&state=${state}`);

    expect(JSON.stringify(response)).not.toMatch(/script|Set-Cookie/);
    expect(response.answer).toEqual({
      outcome: 'refused',
      error: 'invalid_response',
      stated: 'other',
    });
  });

  it('takes an error for a refusal even beside a code', () => {
    expect(read(`code=c&error=access_denied&state=${state}`).answer.outcome).toBe('refused');
  });

  it.each(['', '&code='])(
    'takes an answer with neither code nor error (%j) for a refusal',
    (more) => {
      expect(read(`state=${state}${more}`).answer).toEqual({
        outcome: 'refused',
        error: 'invalid_response',
        stated: 'nothing',
      });
    },
  );

  it('reads under the provider’s own names, and keeps the values that the definition wants', () => {
    const response = readCallback(`auth_code=c-1&ctx=${state}&realmId=123&other=x&empty=`, {
      names: { code: 'auth_code', state: 'ctx', error: 'fault' },
      values: { realm_id: 'realmId', absent: 'absent', empty: 'empty' },
    });

    expect(response.answer).toMatchObject({ outcome: 'granted', values: { realm_id: '123' } });
    expect(Object.keys((response.answer as { values: object }).values)).toEqual(['realm_id']);
  });

  it.each<[string, string]>([
    ['no state', 'code=c'],
    ['a short state', `code=c&state=${state.slice(1)}`],
    ['a long state', `code=c&state=${state}S`],
    ['a state of another alphabet', `code=c&state=${'%2B'.repeat(43)}`],
    ['a state that ends in a line break', `code=c&state=${state}%0A`],
    ['a refusal without state', 'error=access_denied'],
    ['a repeated code (RFC 6749 §3.1)', `code=a&code=b&state=${state}`],
    ['a repeated state', `code=a&state=${state}&state=${state}`],
    ['a repeated parameter of any name', `code=a&state=${state}&x=1&x=1`],
    ['a name repeated in another spelling', `code=a&c%6Fde=b&state=${state}`],
    ['a code of more than 4 KB', `code=${'a'.repeat(4097)}&state=${state}`],
    ['a code with a line break', `code=a%0D%0A&state=${state}`],
    ['a code outside ASCII', `code=%C3%BC&state=${state}`],
    ['a query of more than 8 KB', `code=a&state=${state}&x=${'a'.repeat(8192)}`],
    ['nothing', ''],
  ])('refuses %s before any transaction is touched', (_, query) => {
    expect(problemsOf(() => read(query))).toHaveLength(1);
  });

  it('reads a code of 4 KB', () => {
    expect(read(`code=${'a'.repeat(4096)}&state=${state}`).answer.outcome).toBe('granted');
  });

  it('refuses a value to keep that is too long or has control characters', () => {
    const keep = { names: {}, values: { realm: 'realm' } };

    for (const realm of ['a'.repeat(1025), '%0A']) {
      const query = `code=c&state=${state}&realm=${realm}`;
      expect(problemsOf(() => readCallback(query, keep))).toEqual(['a value to keep is malformed']);
    }
  });

  it('answers any query with a response or a fault that repeats none of it', () => {
    const name = fc.oneof(fc.constantFrom('code', 'state', 'error', 'iss'), fc.string());
    const value = fc.oneof(fc.constant(state), fc.string(), fc.string({ unit: 'binary' }));
    const query = fc
      .array(fc.tuple(name, value), { maxLength: 6 })
      .map((pairs) => new URLSearchParams(pairs).toString());

    fc.assert(
      fc.property(fc.oneof(query, fc.string()), (text) => {
        try {
          const response = read(text);
          expect(response.state.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
          expect(new URLSearchParams(text).getAll('state')).toHaveLength(1);
        } catch (error) {
          expect(isFault(error) && error.code).toBe('REQUEST_INVALID');
          expect(JSON.stringify(error)).not.toContain(state);
        }
      }),
    );
  });
});

describe('judgeIssuer', () => {
  const issuer = 'https://as.example.com';

  it.each([
    [issuer, issuer, 'match'],
    [issuer, `${issuer}/`, 'mismatch'],
    [issuer, 'https://AS.example.com', 'mismatch'],
    [issuer, 'https://evil.example', 'mismatch'],
    [issuer, '', 'mismatch'],
    [issuer, undefined, 'mismatch'],
    [undefined, undefined, 'match'],
    [undefined, 'https://other.example', 'match'],
  ])(
    'judges declared %j against received %j: %s (RFC 9207 §2.4)',
    (expected, received, verdict) => {
      expect(judgeIssuer(expected, received)).toBe(verdict);
    },
  );
});
