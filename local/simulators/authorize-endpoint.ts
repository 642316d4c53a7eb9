import { consentPage } from './consent-page.ts';
import { demoAccounts } from './demo-accounts.ts';
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
  | 'parameter'
  | 'form';

/** How one vendor's authorization endpoint differs from the others'. */
export interface AuthorizeDialect {
  /** The vendor's name; those with a colour of their own show it. */
  readonly vendor: string;
  readonly title: string;
  readonly names: {
    readonly clientId: string;
    /** Absent: the vendor knows no such parameter, and uses the URI that is registered. */
    readonly redirectUri?: string;
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
  /** The names of what comes back, where they are not `code` and that of the request's `state`. */
  readonly callback?: { readonly code: string; readonly state: string };
  /** What every answer carries besides. */
  readonly further?: Readonly<Record<string, string>>;
  /** Looks at what else the vendor wants of a request. */
  readonly lacks?: (query: URLSearchParams) => AuthorizeProblem | undefined;
  /** Hears of each code, with the request that it answers. */
  readonly issued?: (code: string, query: URLSearchParams) => void;
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
      const answer = { ...dialect.further, ...state };
      if (form?.get('decision') === 'deny') {
        return redirect(withQuery(redirectUri, { ...dialect.denial, ...answer }), 'denied');
      }
      if (form?.get('decision') !== 'allow' || !account) return dialect.refuse('form');
      const subject = { clientId: client.clientId, accountId: account.id };
      const code = ledger.issueCode(subject, redirectUri);
      dialect.issued?.(code, request.query);
      const codeName = dialect.callback?.code ?? 'code';
      return redirect(withQuery(redirectUri, { [codeName]: code, ...answer }), 'allowed');
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
  { names, scope, stateRequired, callback, lacks }: AuthorizeDialect,
  clients: readonly RegisteredClient[],
  { query }: SimulatedRequest,
): AuthorizationRequest | { readonly problem: AuthorizeProblem } {
  const client = clients.find(({ clientId }) => clientId === query.get(names.clientId));
  if (!client) return { problem: 'client' };
  const redirectUri = readRedirectUri(names.redirectUri, client, query);
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
  const lacking = lacks?.(query);
  if (lacking !== undefined) return { problem: lacking };
  const stateName = callback?.state ?? names.state;
  return { client, redirectUri, state: state === null ? {} : { [stateName]: state } };
}

function readRedirectUri(
  name: string | undefined,
  { redirectUris }: RegisteredClient,
  query: URLSearchParams,
): string | null {
  return name === undefined ? (redirectUris[0] ?? null) : query.get(name);
}

function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  return target.href;
}
