import type { AuthorizeDialect } from './authorize-endpoint.ts';
import type { DemoAccount } from './demo-accounts.ts';
import type { RegisteredClient } from './vendor.ts';

type Accent = readonly [light: string, dark: string];

const plainAccent: Accent = ['#4c5a78', '#a9b8d9'];

const accents: Readonly<Record<string, Accent>> = {
  hurma: ['#8a3ffc', '#be95ff'],
  hurdlr: ['#0b6e4f', '#5fd3a8'],
  humanity: ['#b45309', '#fbbf24'],
  hypersku: ['#0f62fe', '#78a9ff'],
};

interface ConsentPage {
  readonly dialect: AuthorizeDialect;
  readonly client: RegisteredClient;
  readonly accounts: readonly DemoAccount[];
  /** The authorization request; the form carries it on. Untrusted. */
  readonly query: URLSearchParams;
}

/** The page on which a person chooses an account and allows or denies. No script. */
export function consentPage({ dialect, client, accounts, query }: ConsentPage): string {
  const title = escapeHtml(dialect.title);
  const choices = accounts.map(accountChoice).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in to ${title} (simulated)</title>
<style>${style(dialect.vendor)}</style>
</head>
<body>
<main>
<p class="notice">Simulation. No account at the real ${title} is touched.</p>
<header><span class="mark" aria-hidden="true">${title.slice(0, 1)}</span>
<h1>${title}</h1></header>
<form method="post" action="?${escapeHtml(query.toString())}">
<p class="lead"><strong>${escapeHtml(client.name)}</strong> wants to use your ${title} account.</p>
<fieldset><legend>Choose an account</legend>${choices}</fieldset>
<p class="scope">It will be able to read and change what you can, until you take this back.</p>
<div class="actions">
<button name="decision" value="deny">Deny</button>
<button name="decision" value="allow" class="primary">Allow</button>
</div>
</form>
</main>
</body>
</html>`;
}

function accountChoice({ id, name, email }: DemoAccount, index: number): string {
  return `<label class="account"><input type="radio" name="account" value="${escapeHtml(id)}"${
    index === 0 ? ' checked' : ''
  }><span><b>${escapeHtml(name)}</b><small>${escapeHtml(email)}</small></span></label>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function style(vendor: string): string {
  const [light, dark] = (Object.hasOwn(accents, vendor) && accents[vendor]) || plainAccent;
  return `
:root{--accent:${light};--on:#fff;--bg:#f2f3f7;--card:#fff;--text:#171923;--soft:#5a6072;--line:#d9dce5;--edge:#7b8296}
@media (prefers-color-scheme:dark){:root{--accent:${dark};--on:#10131a;--bg:#0e1117;--card:#171b24;--text:#eceff6;--soft:#a3aabd;--line:#2c3242;--edge:#6b7389}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--bg);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:26rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--accent);border-radius:14px;padding:1.5rem 1.75rem 1.75rem;box-shadow:0 10px 30px rgb(0 0 0/.08)}
.notice{margin:0 0 1.25rem;font-size:.8125rem;color:var(--soft)}
header{display:flex;align-items:center;gap:.75rem}
h1{margin:0;font-size:1.375rem;letter-spacing:-.01em}
.mark{display:grid;place-items:center;width:2.5rem;height:2.5rem;border-radius:10px;background:var(--accent);color:var(--on);font-weight:700;font-size:1.25rem}
.lead{margin:1.25rem 0 1rem}
fieldset{border:0;margin:0;padding:0;display:grid;gap:.5rem}
legend{padding:0;margin-bottom:.5rem;font-size:.875rem;color:var(--soft)}
.account{display:flex;align-items:center;gap:.75rem;padding:.7rem .9rem;border:1px solid var(--edge);border-radius:10px;cursor:pointer}
.account:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.account b,.account small{display:block}
.account small{color:var(--soft)}
input{accent-color:var(--accent);width:1.1rem;height:1.1rem;margin:0}
.scope{font-size:.875rem;color:var(--soft);margin:1rem 0 1.25rem}
.actions{display:grid;grid-template-columns:1fr 2fr;gap:.75rem}
button{font:inherit;font-weight:600;padding:.7rem 1rem;border-radius:10px;border:1px solid var(--edge);background:transparent;color:var(--text);cursor:pointer}
.primary{background:var(--accent);border-color:var(--accent);color:var(--on)}
button:hover{filter:brightness(1.07)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;
}
