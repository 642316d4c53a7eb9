/**
 * The plain pages that a person sees: no script, nothing from elsewhere.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** What a page says. Texts of our own only; they are escaped all the same. */
export interface Page {
  readonly statusCode: number;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly title: string;
  readonly text: string;
  /** Facts to show, such as which connection this is about. */
  readonly facts?: Readonly<Record<string, string>>;
}

const style = `
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5a6475;--page:#f4f5f8;--card:#fff;--line:#dfe3ea;--good:#147a4b;--bad:#b3261e;--plain:#3b5bdb}
@media (prefers-color-scheme:dark){:root{--ink:#eef1f6;--soft:#a7b0c0;--page:#12151b;--card:#1b2029;--line:#2e3542;--good:#4cc38a;--bad:#ff8a80;--plain:#91a7ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--page);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:30rem;width:100%;padding:2.25rem 2rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--tone);border-radius:14px}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.plain{--tone:var(--plain)}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}
p{margin:0;color:var(--soft)}
dl{margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--line);display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;font-size:.9375rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
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

/** Renders a page. */
export function pageResponse(page: Page): APIGatewayProxyStructuredResultV2 {
  const facts = Object.entries(page.facts ?? {})
    .map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`)
    .join('');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeText(page.title)}</title>
<style>${style}</style>
</head>
<body>
<main class="${page.tone}">
<h1>${escapeText(page.title)}</h1>
<p>${escapeText(page.text)}</p>
${facts && `<dl>${facts}</dl>`}
</main>
</body>
</html>
`;
  return {
    statusCode: page.statusCode,
    headers: { ...browserHeaders, 'content-type': 'text/html; charset=utf-8' },
    body: html,
  };
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
