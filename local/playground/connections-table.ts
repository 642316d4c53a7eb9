import * as v from 'valibot';
import { type Html, html } from './html.ts';

const connectionRow = v.object({
  client: v.string(),
  connection: v.string(),
  provider: v.string(),
  state: v.string(),
  reason: v.optional(v.string()),
  access_token_expires_at: v.optional(v.number()),
  next_refresh_at: v.optional(v.number()),
  last_refreshed_at: v.optional(v.number()),
  failures: v.optional(v.number(), 0),
});

type ConnectionRow = v.InferOutput<typeof connectionRow>;

/** What the table shows: the answers of all lists, and why some of them are missing. */
export interface ConnectionsView {
  readonly connections: readonly unknown[];
  readonly problems: readonly string[];
}

const columns = ['Connection', 'State', 'Token ends', 'Next refresh', 'Last refreshed', 'Failures'];

const stateWords: Readonly<Record<string, string>> = {
  active: 'Active',
  failing: 'Failing',
  needs_reauth: 'Needs consent',
  revoked: 'Revoked',
};

const rowActions: readonly (readonly [action: string, label: string, title: string])[] = [
  ['vend', 'Vend', 'Invoke the vend function, as another Lambda does'],
  ['vend-http', 'Vend over HTTP', 'POST …/token with an IAM signature'],
  ['call', 'Call the API', 'Use the vended token at the provider'],
  ['expire', 'Expire', 'Let the access token end now'],
  ['refresh', 'Refresh', 'Make it due and ask for a fresh token'],
  ['disconnect', 'Disconnect', 'Revoke and delete the connection'],
];

/** The connections as a table; instants as epoch seconds, which the page's script counts down. */
export function connectionsTable({ connections, problems }: ConnectionsView): Html {
  const rows = connections.flatMap((connection) => {
    const parsed = v.safeParse(connectionRow, connection);
    return parsed.success ? [parsed.output] : [];
  });
  return html`${problems.map((problem) => html`<p class="note bad">${problem}</p>`)}${
    rows.length === 0
      ? problems.length === 0 &&
        html`<p class="empty">Nothing is connected yet. Connect a provider above, and watch it here.</p>`
      : html`<table>
<caption class="unseen">Connections and their state</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
${rows.map(rowGroup)}
</table>`
  }`;
}

function rowGroup(row: ConnectionRow): Html {
  const name = `${row.client}/${row.connection}`;
  return html`<tbody data-client="${row.client}" data-connection="${row.connection}">
<tr><th scope="row" data-label="Connection"><code>${name}</code></th>
<td data-label="State"><span class="pill ${row.state}">${stateWords[row.state] ?? row.state}</span>${
    row.reason !== undefined && html` <small>${row.reason.replaceAll('_', ' ')}</small>`
  }</td>
${cell('Token ends', row.access_token_expires_at)}
${cell('Next refresh', row.next_refresh_at)}
${cell('Last refreshed', row.last_refreshed_at)}
<td data-label="Failures">${row.failures}</td></tr>
<tr class="doing"><td colspan="${columns.length}">${rowActions.map(
    ([action, label, title]) =>
      html`<button type="button" data-action="${action}" title="${title}" aria-label="${label}: ${name}"${
        action === 'disconnect' && html` class="danger"`
      }>${label}</button>`,
  )}</td></tr>
</tbody>`;
}

function cell(label: string, at: number | undefined): Html {
  return html`<td data-label="${label}">${
    at === undefined
      ? html`<span class="none">none</span>`
      : html`<time datetime="${isoText(at)}" data-at="${at}">${isoText(at)}</time>`
  }</td>`;
}

/** The instant in ISO 8601; the number itself where it is beyond the calendar. */
function isoText(at: number): string {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
