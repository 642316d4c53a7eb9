import { demoAccounts } from '../simulators/demo-accounts.ts';
import { type ConnectionsView, connectionsTable } from './connections-table.ts';
import { type DemoCard, demoCards } from './demo-cards.ts';
import { type EventsView, eventsList } from './events-list.ts';
import { type Html, html } from './html.ts';

/** What the line above the page says, from the query of a return or from a refused request. */
export interface Banner {
  readonly ok: boolean;
  readonly text: string;
}

export interface PageView extends ConnectionsView, EventsView {
  readonly stage: string;
  readonly region: string;
  readonly banner?: Banner;
}

const [firstAccount] = demoAccounts;

/** Browsers read it with the flag `v`, under which a hyphen in a class has to be escaped. */
const connectionPattern = '[A-Za-z0-9_~@\\-][A-Za-z0-9._~@\\-]*';

/** The whole page. */
export function playgroundPage(view: PageView): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Evergrant playground</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/playground.css">
<script src="/playground.js" type="module"></script>
</head>
<body>
<a class="skip" href="#connections">Skip to the connections</a>
<header class="top">
<div class="brand"><img src="/icon.svg" alt="" width="36" height="36">
<div><h1>Evergrant</h1><p>OAuth connections that stay alive</p></div></div>
<p class="where"><span>${view.stage}</span><span>${view.region}</span></p>
</header>
${view.banner && bannerLine(view.banner)}
<main>
${connectSection()}
${workSection(view)}
</main>
<footer><p>Everything on this page runs on 127.0.0.1. Tokens are masked until you reveal them.</p></footer>
</body>
</html>`;
}

function bannerLine({ ok, text }: Banner): Html {
  return html`<p class="banner note ${ok ? 'good' : 'bad'}" role="status"><span>${text}</span><a href="#connections">To the connections</a></p>`;
}

function connectSection(): Html {
  return html`<section aria-labelledby="connect-title">
<h2 id="connect-title">Connect</h2>
<p class="lead">Four providers, simulated on this machine. Each accepts only what its real one documents.</p>
<div class="cards">${demoCards.map(card)}${otherCard()}</div>
</section>`;
}

function workSection(view: ConnectionsView & EventsView): Html {
  return html`<div class="work">
<div class="watched">
<section aria-labelledby="connections">
<div class="headline"><h2 id="connections" tabindex="-1">Connections</h2><p id="updated" class="soft" role="status">Live</p></div>
<div id="table">${connectionsTable(view)}</div>
</section>
<section aria-labelledby="events-title">
<h2 id="events-title">Events</h2>
<div id="events">${eventsList(view)}</div>
</section>
</div>
<section class="activity" aria-labelledby="activity-title">
<h2 id="activity-title">Activity</h2>
<div id="activity" aria-live="polite"><p class="empty">What you do appears here, latest first.</p></div>
</section>
</div>`;
}

function card({ client, vendor, mark, title, text, redirect, direct }: DemoCard): Html {
  return html`<article class="card ${vendor}">
<header><span class="mark" aria-hidden="true">${mark}</span><div><h3>${title}</h3><code class="registration">${client}</code></div></header>
<p>${text}</p>
${redirect && redirectForm(client)}
${direct === 'password' && passwordForm(client)}
${direct === 'client_credentials' && clientCredentialsForm(client)}
</article>`;
}

function redirectForm(client: string): Html {
  return html`<form method="post" action="/connect">
<input type="hidden" name="client" value="${client}">
${connectionField('ann')}
<button class="primary">Connect in the browser</button>
</form>`;
}

function passwordForm(client: string): Html {
  return html`<form data-action="password">
<input type="hidden" name="client" value="${client}">
${connectionField('ann')}
<label>User name<input name="username" value="${firstAccount.email}" required autocomplete="off"></label>
<label>Password<input name="password" type="password" value="${firstAccount.password}" required autocomplete="off"></label>
<label class="check"><input type="checkbox" name="retain"> Retain the password, sealed, to sign in again</label>
<button class="primary">Connect</button>
</form>`;
}

function clientCredentialsForm(client: string): Html {
  return html`<details><summary>Without a browser</summary>
<form data-action="client-credentials">
<input type="hidden" name="client" value="${client}">
${connectionField('ann-by-id')}
<label>User id<input name="userId" value="${firstAccount.id}" required autocomplete="off"></label>
<button>Connect by user id</button>
</form></details>`;
}

function otherCard(): Html {
  return html`<article class="card other">
<header><span class="mark" aria-hidden="true">+</span><div><h3>Another client</h3><code class="registration">yours</code></div></header>
<p>Any registration in the local Secrets Manager, of a real provider too.</p>
<form method="post" action="/connect">
<label>Client<input name="client" required autocomplete="off" placeholder="acme-crm" pattern="[a-z0-9](-?[a-z0-9])*"></label>
${connectionField('ann')}
<button class="primary">Connect in the browser</button>
</form>
</article>`;
}

function connectionField(preset: string): Html {
  return html`<label>Connection<input name="connection" value="${preset}" required autocomplete="off" maxlength="128" pattern="${connectionPattern}"></label>`;
}
