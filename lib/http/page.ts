/**
 * The plain pages that a person sees: no script, nothing from elsewhere.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { PageText, Stray, Words } from './page-texts.ts';

/** What a page says. All of it is text, and escaped. */
export interface Page extends PageText {
  readonly statusCode: number;
  readonly tone: 'good' | 'bad' | 'plain';
  /** Language tag (RFC 5646) of what it says. */
  readonly language: string;
  /** Facts to show, such as which connection this is about. */
  readonly facts?: readonly (readonly [label: string, value: string])[];
}

const style = `
:root{color-scheme:light dark;--ink:#18202e;--soft:#535d6e;--page:#f3f5f9;--card:#fff;--line:#dde2ea;--good:#12734a;--bad:#b3261e;--plain:#3553c8}
@media (prefers-color-scheme:dark){:root{--ink:#eef1f6;--soft:#aab3c3;--page:#11141a;--card:#1a1f28;--line:#2f3744;--good:#4cc38a;--bad:#ff8a80;--plain:#9db0ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;grid-template-columns:minmax(0,30rem);place-content:center;padding:1rem;background:var(--page);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{padding:2rem 1.75rem;background:var(--card);border:1px solid var(--line);border-radius:16px;box-shadow:0 1px 2px rgb(16 24 40/.06),0 12px 32px rgb(16 24 40/.07)}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.plain{--tone:var(--plain)}
svg{display:block;width:3rem;height:3rem;margin-bottom:1.25rem;color:var(--tone)}
h1{margin:0 0 .625rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere;text-wrap:balance}
p{margin:0;color:var(--soft);overflow-wrap:anywhere}
dl{margin:1.5rem 0 0;padding-top:1.25rem;border-top:1px solid var(--line);display:grid;gap:.75rem;font-size:.9375rem}
dt{color:var(--soft)}dd{margin:0;font-weight:600;overflow-wrap:anywhere}
@media (min-width:30rem){body{padding:1.5rem}main{padding:2.5rem}dl div{display:grid;grid-template-columns:7.5rem 1fr;gap:1rem}}
@media (prefers-color-scheme:dark){main{box-shadow:none}}
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Of every answer to a browser, pages and redirects alike. */
export const browserHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'cross-origin-opener-policy': 'same-origin',
};

/** Says by its shape what the colour says; whoever hears the page has the words. */
const marks: Readonly<Record<Page['tone'], string>> = {
  good: '<path d="M15 24.5l6.5 6.5L33.5 18"/>',
  bad: '<path d="M24 14v12M24 33.5v.01"/>',
  plain: '<path d="M24 22v12M24 14.5v.01"/>',
};

/** Renders a page. */
export function pageResponse(page: Page): APIGatewayProxyStructuredResultV2 {
  const title = escapeText(page.title);
  return {
    statusCode: page.statusCode,
    headers: { ...browserHeaders, 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html>
<html lang="${escapeText(page.language)}" dir="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main class="${page.tone}">
<svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="24" cy="24" r="22" stroke-width="2.5"/>${marks[page.tone]}</svg>
<h1>${title}</h1>
<p>${escapeText(page.text)}</p>
${factList(page.facts ?? [])}</main>
</body>
</html>
`,
  };
}

/** A page of a visit that belongs to no flow: it knows nothing but what to say. */
export function strayPage(
  { language, texts }: Words,
  page: Pick<Page, 'statusCode' | 'tone'> & { readonly name: Stray },
): APIGatewayProxyStructuredResultV2 {
  const { name, statusCode, tone } = page;
  return pageResponse({ statusCode, tone, language, ...texts[name] });
}

/** The values stand on their own (`bdi`), whatever the direction of the language around them. */
function factList(facts: NonNullable<Page['facts']>): string {
  const rows = facts.map(
    ([label, value]) =>
      `<div><dt>${escapeText(label)}</dt><dd><bdi>${escapeText(value)}</bdi></dd></div>\n`,
  );
  return rows.length === 0 ? '' : `<dl>\n${rows.join('')}</dl>\n`;
}

/** Text as HTML content or a quoted attribute's value. */
function escapeText(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
