import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import { Fault } from '../fault.ts';
import type { Client } from '../providers/client.ts';
import type { Clock } from '../time.ts';

const assertionLifeSeconds = 60;
/** How far a provider's clock may be behind ours before it takes an assertion for a future one. */
const clockSkewSeconds = 10;

const privateJwk = v.looseObject({
  kty: v.picklist(['RSA', 'EC', 'OKP']),
  alg: v.string(),
  d: v.string(),
  kid: v.exactOptional(v.string()),
});

/**
 * The ways in which a client can prove who it is, in the order in which they are to be tried: one,
 * or with two client secrets the newer before the older.
 *
 * A private key signs (`private_key_jwt`, RFC 7523 §2.2); without key and secret the client is
 * public and only names itself (RFC 6749 §2.1); otherwise the endpoint's own way holds.
 *
 * @param declared - how the endpoint takes a client secret (RFC 6749 §2.3.1).
 * @throws {Fault} `REGISTRATION_INVALID` when the private key is no private JWK with `alg`.
 */
export async function listClientAuthentications(
  client: Client,
  declared: 'client_secret_post' | 'client_secret_basic',
  clock: Clock,
): Promise<readonly oauth.ClientAuth[]> {
  if (client.privateKey) return [await signedAssertion(client, client.privateKey.reveal(), clock)];
  if (client.secrets.length === 0) return [oauth.None()];
  const authentication =
    declared === 'client_secret_basic' ? clientSecretBasic : oauth.ClientSecretPost;
  return client.secrets.map((secret) => authentication(secret.reveal()));
}

/**
 * HTTP Basic with both parts form-encoded (RFC 6749 §2.3.1).
 *
 * Unlike the library's own it leaves `-`, `.`, `_` and `*` as they are, which Appendix B allows:
 * most ids and secrets then read the same for the many servers that do not decode.
 */
function clientSecretBasic(clientSecret: string): oauth.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const credentials = `${formEncode(client_id)}:${formEncode(clientSecret)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  };
}

function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

async function signedAssertion(
  client: Client,
  jwkText: string,
  clock: Clock,
): Promise<oauth.ClientAuth> {
  try {
    const jwk = v.parse(privateJwk, JSON.parse(jwkText));
    const key = await importJWK(jwk, jwk.alg);
    if (key instanceof Uint8Array) throw new TypeError('a symmetric key signs nothing here');
    return oauth.PrivateKeyJwt(jwk.kid === undefined ? { key } : { key, kid: jwk.kid }, {
      [oauth.modifyAssertion]: (header, payload) => {
        const now = clock.now();
        header.alg = jwk.alg;
        payload.iat = now - clockSkewSeconds;
        payload.nbf = now - clockSkewSeconds;
        payload.exp = now + assertionLifeSeconds;
      },
    });
  } catch {
    throw new Fault('REGISTRATION_INVALID', {
      client: client.name,
      problems: ['private_key must be a private JWK with alg, as JSON'],
    });
  }
}
