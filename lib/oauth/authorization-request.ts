/**
 * The authorization request (RFC 6749 §4.1.1) in two halves: what is fixed when an authenticated
 * caller begins the flow, and what each visit of a browser adds.
 *
 * @module
 */
import { createHash, hkdfSync } from 'node:crypto';
import { Fault } from '../fault.ts';
import type { Client } from '../providers/client.ts';
import { adviseOverride } from '../providers/override-advice.ts';
import { fillTemplate } from '../providers/params.ts';
import { decideScope, writeScope } from '../providers/scope.ts';
import { Secret } from '../secret.ts';

/** An authorization request ready but for what only the browser's visit can add. */
export interface PinnedAuthorization {
  /** The authorization endpoint with every parameter but state and challenge. */
  readonly url: string;
  readonly stateName: string;
  /** Absent: no PKCE. The method's name is false where the provider knows no such parameter. */
  readonly pkce?: { readonly challengeName: string; readonly methodName: string | false };
}

/** What one flow asks for. */
export interface AuthorizationRequest {
  /** Ours, from settings; never from what a browser sent. */
  readonly redirectUri: string;
  /** As the caller asks, separated by spaces; absent: all that the registration allows. */
  readonly scope?: string;
  /** The connection's params, as `parseConnectionParams` read them. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Builds the half of an authorization request that the browser has no say in.
 *
 * The definition's fixed parameters go in first and the protocol's own after them, so that none of
 * the fixed ones can stand in the place of `client_id`, `redirect_uri`, `response_type` or `scope`.
 *
 * @throws {Fault} `REQUEST_INVALID` when the provider's redirect flow is not set up, saying which
 *   member of the registration to set; or when scope or params ask for what is not allowed.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1 | RFC 6749 §4.1.1}
 */
export function buildAuthorizationRequest(
  client: Client,
  request: AuthorizationRequest,
): PinnedAuthorization {
  const { authorize, url: endpoint } = readAuthorize(client);
  const { names, pkce } = authorize;
  const scope = decideScope(client, request.scope);
  const url = new URL(fillTemplate(client, {}, endpoint));
  for (const [name, template] of Object.entries(authorize.params)) {
    url.searchParams.set(name, fillTemplate(client, request.params, template));
  }
  setNamed(url, names.response_type ?? 'response_type', 'code');
  setNamed(url, names.client_id ?? 'client_id', client.clientId);
  setNamed(url, names.redirect_uri ?? 'redirect_uri', request.redirectUri);
  if (scope !== undefined) setNamed(url, names.scope ?? 'scope', writeScope(client, scope));
  return {
    url: writeUrl(url),
    stateName: names.state ?? 'state',
    ...(pkce && {
      pkce: {
        challengeName: names.code_challenge ?? 'code_challenge',
        methodName: names.code_challenge_method ?? 'code_challenge_method',
      },
    }),
  };
}

/**
 * Adds what belongs to one visit: its state, and the challenge of its code verifier.
 *
 * @param visit - `codeChallenge` is needed where the pinned half has `pkce`, and unused elsewhere.
 * @returns the URL to send the browser to.
 * @throws {TypeError} when the challenge that the pinned half asks for is missing.
 */
export function completeAuthorizationUrl(
  { url: pinnedUrl, stateName, pkce }: PinnedAuthorization,
  { state, codeChallenge }: { readonly state: string; readonly codeChallenge?: string },
): string {
  const url = new URL(pinnedUrl);
  url.searchParams.set(stateName, state);
  if (pkce) {
    if (codeChallenge === undefined) throw new TypeError('this flow needs a code challenge');
    url.searchParams.set(pkce.challengeName, codeChallenge);
    setNamed(url, pkce.methodName, 'S256');
  }
  return writeUrl(url);
}

/**
 * Derives the code verifier of a transaction from the secret in its cookie, so that it is stored
 * nowhere and the browser that began is the only one that can bring it back.
 *
 * @param cookieSecret - 256 random bits, base64url.
 * @returns 43 characters: 256 bits by HKDF-SHA-256, in a domain of their own.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7636#section-4.1 | RFC 7636 §4.1}
 */
export function deriveCodeVerifier(cookieSecret: Secret<'cookie'>): Secret<'code_verifier'> {
  const bits = hkdfSync('sha256', cookieSecret.reveal(), '', 'evergrant code_verifier', 32);
  return new Secret('code_verifier', Buffer.from(bits).toString('base64url'));
}

/**
 * The S256 challenge of a code verifier. The method `plain` does not exist here.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7636#section-4.2 | RFC 7636 §4.2}
 */
export function buildCodeChallenge(codeVerifier: Secret<'code_verifier'>): string {
  return createHash('sha256').update(codeVerifier.reveal(), 'ascii').digest('base64url');
}

function readAuthorize(client: Client) {
  const { authorize, grants, title } = client.definition;
  if (authorize?.url && grants.authorization_code) return { authorize, url: authorize.url };
  const missing = [
    ...(grants.authorization_code ? [] : ['grants.authorization_code']),
    ...(authorize?.url ? [] : ['authorize.url']),
  ];
  const advice = adviseOverride(client, missing);
  const problems = [`the authorization endpoint of ${title} is not known or not in use; ${advice}`];
  throw new Fault('REQUEST_INVALID', { problems });
}

function setNamed(url: URL, name: string | false, value: string): void {
  if (name !== false) url.searchParams.set(name, value);
}

/** A space as `%20`: every server reads that, while some take `+` for itself. */
function writeUrl(url: URL): string {
  // A `+` of a value is written as %2B by now, so each one that is left stands for a space.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}
