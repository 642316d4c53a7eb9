import { describe, expect, it } from 'vitest';
import type {
  AuthorizationEnding,
  ReturnError,
} from '../../../lib/broker/complete-authorization.ts';
import { callbackAnswer } from '../../../lib/http/callback-answer.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { Secret } from '../../../lib/secret.ts';
import { aPlan } from '../../support/sessions.ts';

const base = 'https://evergrant.example.com';
const returnUrl = 'https://app.example.com/connected';
const back = { plan: aPlan({ returnUrl }), cookieLabel: 'l' };
const alone = { plan: aPlan(), cookieLabel: 'l' };
const errors: readonly ReturnError[] = [
  'access_denied',
  'expired',
  'invalid_response',
  'account_mismatch',
  'exchange_failed',
  'provider_unavailable',
  'client_refused',
  'server_error',
];

function returnOf(ending: AuthorizationEnding) {
  const answer = callbackAnswer(ending, base);
  const url = new URL(String(answer.headers?.location));
  return {
    ...answer,
    address: url.origin + url.pathname,
    query: Object.fromEntries(url.searchParams),
  };
}

describe('the way back to the application', () => {
  it('tells which connection it is about', () => {
    expect(returnOf({ status: 'connected', ...back })).toMatchObject({
      statusCode: 302,
      headers: browserHeaders,
      address: returnUrl,
      query: { client: 'acme', connection: 'ann', status: 'connected' },
    });
  });

  it('hands over the completion where one is wanted', () => {
    const completion = new Secret('completion', 'c'.repeat(43));

    expect(returnOf({ status: 'confirm', completion, ...back }).query).toEqual({
      client: 'acme',
      connection: 'ann',
      status: 'confirm',
      completion: 'c'.repeat(43),
    });
  });

  it('tells that access was denied', () => {
    expect(returnOf({ status: 'denied', error: 'access_denied', ...back }).query).toEqual({
      client: 'acme',
      connection: 'ann',
      status: 'denied',
      error: 'access_denied',
    });
  });

  it.each(errors)('tells %s', (error) => {
    expect(returnOf({ status: 'failed', error, ...back }).query).toEqual({
      client: 'acme',
      connection: 'ann',
      status: 'failed',
      error,
    });
  });

  it('keeps the application’s own query, and believes none of it', () => {
    const plan = aPlan({ returnUrl: `${returnUrl}?tab=2&status=connected&connection=x` });

    const { query } = returnOf({ status: 'failed', error: 'expired', plan, cookieLabel: 'l' });

    expect(query).toEqual({
      tab: '2',
      client: 'acme',
      connection: 'ann',
      status: 'failed',
      error: 'expired',
    });
  });

  it('ends the cookie, which is of no more use', () => {
    expect(returnOf({ status: 'connected', ...back }).cookies).toEqual([
      expect.stringMatching(/^__Host-evergrant-l=; Path=\/; Max-Age=0;/),
    ]);
  });
});

describe('without an application to go back to', () => {
  it('a page names the connection', () => {
    const answer = callbackAnswer({ status: 'connected', ...alone }, base);

    expect(answer).toMatchObject({ statusCode: 200, headers: browserHeaders });
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.body).toContain('acme/ann');
    expect(answer.cookies).toHaveLength(1);
  });

  it.each(errors)('a page tells %s in words', (error) => {
    const answer = callbackAnswer({ status: 'failed', error, ...alone }, base);

    expect(answer.body).toContain('Not connected');
    expect(answer.body).toMatch(/<p>[A-Z][^<]{10,}<\/p>/);
    expect(answer.body).not.toContain('undefined');
  });

  it('a page tells that access was declined', () => {
    const answer = callbackAnswer({ status: 'denied', error: 'access_denied', ...alone }, base);

    expect(answer.body).toContain('declined');
  });

  it('a page tells of a link that was used before', () => {
    const answer = callbackAnswer({ status: 'not_pending' }, base);

    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('already used');
    expect(answer).not.toHaveProperty('cookies');
  });

  it('a page tells of an answer that cannot be read', () => {
    expect(callbackAnswer({ status: 'malformed' }, base).statusCode).toBe(400);
  });
});
