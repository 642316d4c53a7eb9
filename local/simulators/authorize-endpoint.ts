import { consentPage } from './consent-page.ts';
import { demoAccounts, type VendorName } from './demo-accounts.ts';
import type { CommonSettings } from './settings.ts';
import { page, type Reply, readForm, redirect, type SimulatedRequest } from './simulated-http.ts';
import type { RegisteredClient, Route, VendorContext } from './vendor.ts';

/** What is wrong with an authorization request, in the order in which it is looked for. */
export type AuthorizeProblem =
  | 'client'
  | 'redirect_uri'
  | 'grant'
  | 'response_type'
  | 'scope'
  | 'state'
  | 'form';

/** How one vendor's authorization endpoint differs from the others'. */
export interface AuthorizeDialect {
  readonly vendor: VendorName;
  readonly title: string;
  readonly names: {
    readonly clientId: string;
    readonly redirectUri: string;
    readonly state: string;
    /** Absent: the vendor knows no such parameter. */
    readonly responseType?: string;
  };
  readonly stateRequired: boolean;
  /** The one value of `scope` that the vendor wants; absent: it wants none. */
  readonly scope?: string;
  /** What the vendor shows instead of a page for a request it does not accept. */
  readonly refuse: (problem: AuthorizeProblem) => Reply;
  /** What a denial adds to the redirect URI, beside `state`. */
  readonly denial: Readonly<Record<string, string>>;
}

/**
 * An authorization endpoint with a page for a person and the same form for a program.
 *
 * `GET` shows the page. `POST` to the same URL, as a form of `account` (an account's id) and
 * `decision` (`allow` or `deny`), sends the browser back with a code or with the vendor's denial.
 * Nothing is sent to a redirect URI that is not registered (RFC 6749 §3.1.2.4).
 */
export function authorizeRoute(
  dialect: AuthorizeDialect,
  { clients, ledger }: VendorContext<CommonSettings>,
): Route {
  return {
    kind: 'authorize',
    answer: (request) => {
      const accepted = readAuthorizationRequest(dialect, clients, request);
      if ('problem' in accepted) return dialect.refuse(accepted.problem);
      const { client, redirectUri, state } = accepted;
      if (request.method !== 'POST') {
        const shown = { dialect, client, accounts: demoAccounts, query: request.query };
        return page(200, consentPage(shown), 'page_shown');
      }
      const form = readForm(request);
      const account = demoAccounts.find(({ id }) => id === form?.get('account'));
      if (form?.get('decision') === 'deny') {
        return redirect(withQuery(redirectUri, { ...dialect.denial, ...state }), 'denied');
      }
      if (form?.get('decision') !== 'allow' || !account) return dialect.refuse('form');
      const subject = { clientId: client.clientId, accountId: account.id };
      const code = ledger.issueCode(subject, redirectUri);
      return redirect(withQuery(redirectUri, { code, ...state }), 'allowed');
    },
  };
}

interface AuthorizationRequest {
  readonly client: RegisteredClient;
  readonly redirectUri: string;
  /** Echoed exactly, under the vendor's name for it. */
  readonly state: Readonly<Record<string, string>>;
}

function readAuthorizationRequest(
  { names, scope, stateRequired }: AuthorizeDialect,
  clients: readonly RegisteredClient[],
  { query }: SimulatedRequest,
): AuthorizationRequest | { readonly problem: AuthorizeProblem } {
  const client = clients.find(({ clientId }) => clientId === query.get(names.clientId));
  if (!client) return { problem: 'client' };
  const redirectUri = query.get(names.redirectUri);
  if (redirectUri === null || !client.redirectUris.includes(redirectUri)) {
    return { problem: 'redirect_uri' };
  }
  if (!client.grants.includes('authorization_code')) return { problem: 'grant' };
  if (names.responseType !== undefined && query.get(names.responseType) !== 'code') {
    return { problem: 'response_type' };
  }
  if (scope !== undefined && query.get('scope') !== scope) return { problem: 'scope' };
  const state = query.get(names.state);
  if (stateRequired && !state) return { problem: 'state' };
  return { client, redirectUri, state: state === null ? {} : { [names.state]: state } };
}

function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  return target.href;
}
