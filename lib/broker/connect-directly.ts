/**
 * Connects without a browser: by the resource owner's password, by the client's own credentials, or
 * by tokens that were obtained elsewhere.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import type {
  IntrospectExpiry,
  RequestToken,
  TokenAnswer,
  TokenRequest,
} from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { parseConnectionParams } from '../providers/params.ts';
import { decideScope } from '../providers/scope.ts';
import type { Secret } from '../secret.ts';
import type { EpochSeconds, Seconds } from '../time.ts';
import type { ClientStore } from './client-ports.ts';
import { dropOlderSecret, noteNewerSecret, provesNewerSecret } from './client-secrets.ts';
import { type EstablishPorts, establishConnection } from './establish-connection.ts';
import { withIntrospectedExpiry } from './introspected-expiry.ts';
import { readySeals } from './kept-answer.ts';
import type { ClientRegistry, Connection, Log } from './ports.ts';
import type { RenewalCredential } from './renewal-credential.ts';
import { grantedAnswer } from './token-outcome.ts';
import { withCurrentClient } from './with-current-client.ts';

interface Ports extends EstablishPorts {
  readonly clients: ClientRegistry;
  readonly clientStatus: ClientStore;
  readonly log: Log;
  readonly requestToken: RequestToken;
  readonly introspectExpiry: IntrospectExpiry;
  readonly providerTimeoutSeconds: Seconds;
}

/** What an authenticated caller brings. Names are checked; the rest is untrusted. */
export type DirectGrant = ConnectionKey & { readonly params?: unknown } & (
    | {
        readonly by: 'password';
        readonly username: string;
        readonly password: Secret<'password'>;
        /** Keep both, to log in again when the refresh token ends. */
        readonly retainCredentials: boolean;
      }
    | { readonly by: 'client_credentials' }
    | {
        readonly by: 'import';
        readonly accessToken?: Secret<'access_token'>;
        readonly refreshToken?: Secret<'refresh_token'>;
        readonly expiresAt?: EpochSeconds;
        /** What the tokens were granted for, separated by spaces. */
        readonly scope?: string;
      }
  );

/**
 * Connects, or reconnects, and answers with the connection.
 *
 * @throws {Fault} `CREDENTIALS_REFUSED` when the provider refuses the resource owner's credentials;
 *   `REQUEST_INVALID` when the provider's definition does not offer the grant; and the faults of
 *   `establishConnection` and of a token request.
 */
export async function connectDirectly(
  ports: Ports,
  grant: DirectGrant,
): Promise<{ readonly created: boolean; readonly connection: Connection }> {
  return withCurrentClient(ports.clients, grant.client, (client) => obtain(ports, client, grant));
}

async function obtain(ports: Ports, client: Client, grant: DirectGrant) {
  const params = parseConnectionParams(client, grant.params);
  // What can fail here without the provider fails before it has been asked for anything.
  await readySeals(ports);
  const imported = grant.by === 'import' ? grant.scope : undefined;
  const scope = imported ?? decideScope(client, undefined);
  const {
    answer: told,
    credential,
    provesNewer,
  } = grant.by === 'import'
    ? importTokens(grant, ports.clock.now())
    : await requestGrant(ports, client, { grant, params, scope });
  const answer = told && (await withIntrospectedExpiry(ports, client, { answer: told }));
  const established = await establishConnection(ports, client, {
    client: grant.client,
    connection: grant.connection,
    params,
    credential,
    allowAccountSwitch: false,
    ...(answer && { answer }),
    ...(scope !== undefined && { scope }),
  });
  if (provesNewer) await noteNewerSecret(ports, client);
  return established;
}

interface Obtained {
  readonly answer?: TokenAnswer;
  readonly credential: RenewalCredential;
  /** The newer of two client secrets has worked. */
  readonly provesNewer?: boolean;
}

async function requestGrant(
  ports: Ports,
  registered: Client,
  input: {
    readonly grant: Exclude<DirectGrant, { by: 'import' }>;
    readonly params: Readonly<Record<string, string>>;
    readonly scope: string | undefined;
  },
): Promise<Obtained> {
  const { grant, params, scope } = input;
  const client = await dropOlderSecret(ports, registered);
  const asked = { params, ...(scope !== undefined && { scope }) };
  const request: TokenRequest =
    grant.by === 'password'
      ? {
          ...asked,
          grantType: 'password',
          username: grant.username,
          password: grant.password,
        }
      : { ...asked, grantType: 'client_credentials' };
  const outcome = await ports.requestToken(client, request, ports.providerTimeoutSeconds * 1000);
  if (outcome.outcome === 'grant_refused') {
    throw new Fault('CREDENTIALS_REFUSED', { client: grant.client, connection: grant.connection });
  }
  const answer = grantedAnswer(client, outcome);
  const provesNewer = provesNewerSecret(client, outcome);
  return { answer, credential: retained(grant, answer), provesNewer };
}

function retained(
  grant: Exclude<DirectGrant, { by: 'import' }>,
  { refreshToken }: TokenAnswer,
): RenewalCredential {
  const issued = refreshToken ? { refreshToken } : {};
  if (grant.by === 'client_credentials') return { ...issued, clientCredentials: true };
  if (!grant.retainCredentials) return issued;
  const { username, password } = grant;
  return { ...issued, resourceOwner: { username, password } };
}

function importTokens(grant: Extract<DirectGrant, { by: 'import' }>, now: EpochSeconds): Obtained {
  const { accessToken, refreshToken, expiresAt, scope } = grant;
  const credential = refreshToken ? { refreshToken } : {};
  if (!accessToken) return { credential };
  const answer: TokenAnswer = {
    accessToken,
    tokenType: 'Bearer',
    expirySource: expiresAt === undefined ? 'unknown' : 'import',
    values: {},
    obtainedAt: now,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(refreshToken && { refreshToken }),
    ...(scope !== undefined && { scope }),
  };
  return { answer, credential };
}
