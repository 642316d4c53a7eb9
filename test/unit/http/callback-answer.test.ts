import { describe, expect, it } from 'vitest';
import type {
  AuthorizationEnding,
  ReturnError,
} from '../../../lib/broker/complete-authorization.ts';
import { callbackAnswer } from '../../../lib/http/callback-answer.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { english, type PageTexts } from '../../../lib/http/page-texts.ts';
import { Secret } from '../../../lib/secret.ts';
import { aPlan } from '../../support/sessions.ts';

const words = { language: 'en', texts: english };
const visit = { publicBaseUrl: 'https://evergrant.example.com', words };
const providerTitle = 'Acme CRM';
const returnUrl = 'https://app.example.com/connected';
const back = { plan: aPlan({ returnUrl }), cookieLabel: 'l', providerTitle };
const alone = { plan: aPlan(), cookieLabel: 'l', providerTitle };
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
  const answer = callbackAnswer(ending, visit);
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

    const { query } = returnOf({
      status: 'failed',
      error: 'expired',
      plan,
      cookieLabel: 'l',
      providerTitle,
    });

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
  it('a page names the provider and the connection', () => {
    const answer = callbackAnswer({ status: 'connected', ...alone }, visit);

    expect(answer).toMatchObject({ statusCode: 200, headers: browserHeaders });
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.body).toContain('<h1>Your Acme CRM account is connected</h1>');
    expect(answer.body).toContain('<dt>Provider</dt><dd><bdi>Acme CRM</bdi></dd>');
    expect(answer.body).toContain('<dt>Connection</dt><dd><bdi>acme/ann</bdi></dd>');
    expect(answer.cookies).toHaveLength(1);
  });

  it.each(errors)('a page tells %s in words', (error) => {
    const answer = callbackAnswer({ status: 'failed', error, ...alone }, visit);

    expect(answer.body).toMatch(/<h1>[A-Z][^<]{10,}<\/h1>\s*<p>[A-Z][^<]{10,}<\/p>/);
    expect(answer.body?.split('</style>')[1]).not.toMatch(/undefined|[{}]/);
    expect(answer.body).toContain(`<dt>Reason</dt><dd><bdi>${error}</bdi></dd>`);
  });

  it('a page tells that access was declined', () => {
    const answer = callbackAnswer({ status: 'denied', error: 'access_denied', ...alone }, visit);

    expect(answer.body).toContain('declined');
  });

  it('a page tells of a link that was used before', () => {
    const answer = callbackAnswer({ status: 'not_pending' }, visit);

    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('already used');
    expect(answer).not.toHaveProperty('cookies');
  });

  it('a page says what the operator made of the texts, in their language', () => {
    const texts: PageTexts = {
      ...english,
      connected: { title: '{provider} ist verbunden', text: '{client} <b>{connection}</b> {x}' },
      labels: { ...english.labels, provider: 'Anbieter' },
    };
    const german = { ...visit, words: { language: 'de', texts } };

    const { body } = callbackAnswer({ status: 'connected', ...alone }, german);

    expect(body).toContain('<html lang="de" dir="auto">');
    expect(body).toContain('<h1>Acme CRM ist verbunden</h1>');
    expect(body).toContain('<p>acme &lt;b&gt;ann&lt;/b&gt; {x}</p>');
    expect(body).toContain('<dt>Anbieter</dt>');
  });

  it('a page tells of an answer that cannot be read', () => {
    expect(callbackAnswer({ status: 'malformed' }, visit).statusCode).toBe(400);
  });
});
