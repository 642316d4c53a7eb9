/**
 * What browsers bring to the two public routes: links, cookies, callbacks.
 *
 * @module
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beginAuthorization } from '../../lib/broker/begin-authorization.ts';
import { callbackAnswer } from '../../lib/http/callback-answer.ts';
import { english } from '../../lib/http/page-texts.ts';
import {
  readTransactionCookies,
  writeTransactionCookie,
} from '../../lib/http/transaction-cookie.ts';
import { Secret } from '../../lib/secret.ts';
import { beginSession, completeCallback, connecting, visit } from '../support/redirect-flow.ts';
import { hostileText, tampered } from './hostile-inputs.ts';
import { callbackQuery } from './oauth-properties.ts';
import { type ParserProperty, parserProperty } from './parser-property.ts';

const secret = 'k'.repeat(43);
const cookieText = (publicBaseUrl: string, label: string) =>
  writeTransactionCookie(
    { label, value: new Secret('cookie', secret), maxAgeSeconds: 600 },
    publicBaseUrl,
  ).split(';')[0] ?? '';
const baseUrls = ['https://evergrant.example.com', 'http://127.0.0.1:3000'] as const;
const cookies = fc.array(
  fc.oneof(
    tampered(fc.constantFrom(...baseUrls.map((base) => cookieText(base, '0123456789abcdef')))),
    hostileText,
  ),
  { maxLength: 60 },
);

const cookieProperty = parserProperty(
  'cookies',
  fc.tuple(fc.constantFrom(...baseUrls), cookies),
  ([base, sent]) => {
    const found = readTransactionCookies(sent, base);
    assert.ok(found.size <= 50);
    for (const [label, value] of found) {
      assert.match(value, /^[A-Za-z0-9_-]{43}$/);
      const prefix = base.startsWith('https:') ? '__Host-' : '';
      assert.ok(sent.includes(`${prefix}evergrant-${label}=${value}`));
    }
    const own = cookieText(base, 'fedcba9876543210');
    assert.equal(readTransactionCookies([own, ...sent], base).has('fedcba9876543210'), true);
    return found.size > 0;
  },
);

const sessionProperty = parserProperty(
  'session',
  fc.oneof(tampered(fc.constant(secret)), hostileText, fc.constant(undefined)),
  async (session) => {
    const ports = { ...connecting(), randomToken: () => secret };
    await beginSession(ports);

    const beginning = await beginAuthorization(ports, session);

    assert.equal(beginning.outcome === 'redirect', session === secret);
    return beginning.outcome === 'redirect';
  },
);

/** What of a real answer is sent: all of it, or with something changed. */
const callback = fc.record({
  client: fc.oneof({ weight: 8, arbitrary: fc.constant('acme') }, hostileText),
  query: fc.oneof(
    fc.constantFrom('code=c-1&state=STATE', 'error=access_denied&state=STATE', 'state=STATE'),
    tampered(fc.constant('code=c-1&state=STATE')),
    callbackQuery,
  ),
  cookie: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.constant(secret),
    hostileText,
  ),
});

const callbackProperty = parserProperty('callback', callback, async ({ client, query, cookie }) => {
  const ports = connecting();
  const begun = await visit(ports, await beginSession(ports));
  const [[label = '', own = ''] = []] = begun.cookies;
  const rawQueryString = query.replaceAll('STATE', begun.state);

  const ending = await completeCallback(ports, {
    client,
    rawQueryString,
    cookies: new Map([[label, cookie ?? own]]),
  });

  const { asked } = ports.provider;
  assert.ok(asked.length <= 1);
  if (asked.length === 0) assert.notEqual(ending.status, 'connected');
  else {
    // Nothing is exchanged but for this state, once, with this cookie, at this client.
    assert.deepEqual(new URLSearchParams(rawQueryString).getAll('state'), [begun.state]);
    assert.equal(new URLSearchParams(rawQueryString).getAll('code').length, 1);
    assert.equal(client, 'acme');
    assert.equal(cookie ?? own, own);
  }
  const { headers = {}, body = '' } = callbackAnswer(ending, {
    publicBaseUrl: ports.publicBaseUrl,
    words: { language: 'en', texts: english },
  });
  assert.equal(headers.location, undefined);
  assert.doesNotMatch(body, /<script|javascript:/i);
  return asked.length > 0;
});

/** What must hold of everything that a browser brings. */
export const browserProperties: readonly ParserProperty[] = [
  cookieProperty,
  sessionProperty,
  callbackProperty,
];
