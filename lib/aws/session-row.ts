/**
 * A row of the table `sessions`, both ways: a connect session, or a pending authorization.
 *
 * @module
 */
import type { AuthorizationPlan, ConnectSession, PendingAuthorization } from '../broker/ports.ts';
import type { Attributes } from './connection-row.ts';
import {
  clientName,
  connectionId,
  flag,
  instant,
  type Members,
  text,
  textMap,
  texts,
  withoutUndefined,
} from './members.ts';
import { type Item, parseRow } from './row.ts';

export const sessionKey = (sessionHash: string) => `session:${sessionHash}`;
export const authorizationKey = (stateHash: string) => `authorization:${stateHash}`;

export function buildSessionRow(session: ConnectSession): Attributes {
  const { url, stateName, pkce } = session.authorization;
  return {
    pk: sessionKey(session.sessionHash),
    expires_at: session.expiresAt,
    authorization: {
      url,
      state_name: stateName,
      pkce: pkce && {
        challenge_name: pkce.challengeName,
        ...(pkce.methodName !== false && { method_name: pkce.methodName }),
      },
    },
    plan: buildPlan(session.plan),
  };
}

/** @throws {Fault} `ROW_INVALID` naming every faulty attribute. */
export function parseSessionRow(table: string, item: Item, sessionHash: string): ConnectSession {
  return parseRow(table, item, (members) => ({
    sessionHash,
    expiresAt: members.required('expires_at', instant),
    authorization: members.requiredWithin('authorization', parseAuthorization),
    plan: members.requiredWithin('plan', parsePlan),
  }));
}

export function buildAuthorizationRow(pending: PendingAuthorization): Attributes {
  return {
    pk: authorizationKey(pending.stateHash),
    cookie_hash: pending.cookieHash,
    expires_at: pending.expiresAt,
    plan: buildPlan(pending.plan),
  };
}

/** @throws {Fault} `ROW_INVALID` naming every faulty attribute. */
export function parseAuthorizationRow(
  table: string,
  item: Item,
  stateHash: string,
): PendingAuthorization {
  return parseRow(table, item, (members) => ({
    stateHash,
    cookieHash: members.required('cookie_hash', text),
    expiresAt: members.required('expires_at', instant),
    plan: members.requiredWithin('plan', parsePlan),
  }));
}

function parseAuthorization(members: Members): ConnectSession['authorization'] {
  return withoutUndefined<ConnectSession['authorization']>({
    url: members.required('url', text),
    stateName: members.required('state_name', text),
    pkce: members.within('pkce', (pkce) => ({
      challengeName: pkce.required('challenge_name', text),
      methodName: pkce.optional('method_name', text) ?? false,
    })),
  });
}

function buildPlan(plan: AuthorizationPlan): Attributes {
  return {
    client: plan.client,
    connection: plan.connection,
    client_id: plan.clientId,
    origins: plan.origins,
    token_endpoint: plan.tokenEndpoint,
    issuer: plan.issuer,
    redirect_uri: plan.redirectUri,
    scope: plan.scope,
    params: plan.params,
    return_url: plan.returnUrl,
    confirm: plan.confirm,
    allow_account_switch: plan.allowAccountSwitch,
    pkce: plan.pkce,
  };
}

function parsePlan(members: Members): AuthorizationPlan {
  return withoutUndefined<AuthorizationPlan>({
    client: members.required('client', clientName),
    connection: members.required('connection', connectionId),
    clientId: members.required('client_id', text),
    origins: members.required('origins', texts),
    tokenEndpoint: members.required('token_endpoint', text),
    issuer: members.optional('issuer', text),
    redirectUri: members.required('redirect_uri', text),
    scope: members.optional('scope', text),
    params: members.required('params', textMap),
    returnUrl: members.optional('return_url', text),
    confirm: members.required('confirm', flag),
    allowAccountSwitch: members.required('allow_account_switch', flag),
    pkce: members.required('pkce', flag),
  });
}
