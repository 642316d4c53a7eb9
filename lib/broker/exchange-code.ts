import { deriveCodeVerifier } from '../oauth/authorization-request.ts';
import type { AuthorizationAnswer } from '../oauth/authorization-response.ts';
import type { IntrospectExpiry, RequestToken, TokenAnswer } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { tokenRequestShape } from '../providers/params.ts';
import type { Secret } from '../secret.ts';
import type { Seconds } from '../time.ts';
import type { ClientStore } from './client-ports.ts';
import { dropOlderSecret, provesNewerSecret } from './client-secrets.ts';
import type { NewGrant } from './establish-connection.ts';
import { withIntrospectedExpiry } from './introspected-expiry.ts';
import { assertPinned } from './pinned-client.ts';
import type { AuthorizationPlan } from './ports.ts';
import { grantedAnswer } from './token-outcome.ts';

export interface ExchangePorts {
  readonly clientStatus: ClientStore;
  readonly requestToken: RequestToken;
  readonly introspectExpiry: IntrospectExpiry;
  readonly providerTimeoutSeconds: Seconds;
}

/** The flow that a code belongs to: its state has been taken. */
interface CodeFlow {
  readonly client: Client;
  readonly plan: AuthorizationPlan;
  readonly cookie: Secret<'cookie'>;
}

type GrantedAuthorization = Extract<AuthorizationAnswer, { outcome: 'granted' }>;

/**
 * Exchanges the code at the endpoint that was pinned when the flow began (RFC 6749 §4.1.3).
 *
 * @returns what the resource owner granted, with nothing stored yet, and whether the newer of two
 *   client secrets has worked.
 * @throws {Fault} `CLIENT_CHANGED` when the registration leads elsewhere by now, and nothing was
 *   sent; else the faults of `grantedAnswer`.
 */
export async function exchangeCode(
  ports: ExchangePorts,
  { client: registered, plan, cookie }: CodeFlow,
  granted: GrantedAuthorization,
): Promise<{ readonly grant: NewGrant; readonly provesNewer: boolean }> {
  assertPinnedEndpoint(registered, plan);
  const client = await dropOlderSecret(ports, registered);
  const outcome = await ports.requestToken(
    client,
    {
      grantType: 'authorization_code',
      params: plan.params,
      code: granted.code,
      redirectUri: plan.redirectUri,
      ...(plan.pkce && { codeVerifier: deriveCodeVerifier(cookie) }),
    },
    ports.providerTimeoutSeconds * 1000,
  );
  const answer = await withIntrospectedExpiry(ports, client, {
    answer: grantedAnswer(client, codeOutcome(outcome)),
  });
  const { client: name, connection, params, scope, allowAccountSwitch } = plan;
  const grant = {
    client: name,
    connection,
    params,
    allowAccountSwitch,
    answer: { ...answer, values: { ...granted.values, ...answer.values } },
    credential: refreshTokenOf(answer),
    ...(scope !== undefined && { scope }),
  };
  return { grant, provesNewer: provesNewerSecret(client, outcome) };
}

/** A refused code is a failed exchange: there is no grant yet that could be dead. */
function codeOutcome(outcome: Awaited<ReturnType<RequestToken>>) {
  return outcome.outcome === 'grant_refused'
    ? ({ outcome: 'request_refused', error: 'invalid_grant' } as const)
    : outcome;
}

function refreshTokenOf({ refreshToken }: TokenAnswer): NewGrant['credential'] {
  return refreshToken ? { refreshToken } : {};
}

function assertPinnedEndpoint(client: Client, plan: AuthorizationPlan): void {
  const { url } = tokenRequestShape(client, 'authorization_code');
  const moved = url === plan.tokenEndpoint ? plan.origins : [];
  assertPinned(client, { clientId: plan.clientId, origins: moved });
}
