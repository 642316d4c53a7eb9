import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { browserHeaders, type Page, pageResponse } from '../../../lib/http/page.ts';

const aPage = (overrides: Partial<Page> = {}): Page => ({
  statusCode: 200,
  tone: 'good',
  language: 'en',
  title: 'Connected',
  text: 'You can close this window.',
  ...overrides,
});
const htmlOf = (page: Page) => pageResponse(page).body ?? '';

describe('the headers of a page', () => {
  it('allow the style by its real hash, and nothing else', () => {
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(htmlOf(aPage())) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');

    expect(style.length).toBeGreaterThan(100);
    expect(browserHeaders['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    );
  });

  it('keep it from caches, referrers, sniffers, frames and plain http', () => {
    expect(pageResponse(aPage()).headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
      'cross-origin-opener-policy': 'same-origin',
      'content-type': 'text/html; charset=utf-8',
    });
  });
});

it('has no script, and nothing from elsewhere', () => {
  const html = htmlOf(aPage({ facts: [['Connection', 'acme/ann']] }));

  expect(html).not.toMatch(/<script|\son\w+=|javascript:|https?:|src=|href=|@import|url\(/i);
});

it('escapes all that it shows', () => {
  const markup = '</p><script>alert("1")</script>\'&';
  const html = htmlOf(
    aPage({ language: markup, title: markup, text: markup, facts: [[markup, markup]] }),
  );

  expect(html).not.toContain('<script>');
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
});

it('shows no text as markup, whatever it is', () => {
  const tags = (html: string) => html.match(/<[^>]*>/g)?.length;
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(tags(htmlOf(aPage({ text })))).toBe(tags(htmlOf(aPage())));
    }),
  );
});
