/**
 * Our registration at a provider, as its operator writes it into Secrets Manager.
 *
 * @module
 */
import { createPrivateKey } from 'node:crypto';
import * as v from 'valibot';
import { Fault } from '../fault.ts';
import type { ClientName } from '../names.ts';
import { memberName, readStrictly } from '../read-strictly.ts';
import { headerName, headerValue } from './definition-syntax.ts';
import { isLoopbackHostname } from './loopback.ts';
import { isJsonObject, type Json, type JsonObject } from './merge-patch.ts';
import { isPlainUrl } from './plain-url.ts';

/** RFC 6749 §3.3: tokens separated by single spaces. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

const object = v.custom<JsonObject>((value) => isJsonObject(value as Json), 'must be an object');

const clientSecret = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}]{1,4096}$/u, 'must be 1 to 4096 characters, no line break among them'),
);

const list = <Item extends v.GenericSchema>(item: Item, most: number) =>
  v.pipe(v.array(item), v.maxLength(most, `must have at most ${most} members`));

const registrationSchema = v.strictObject({
  /** The name of a definition. */
  provider: v.string(),
  client_id: v.pipe(
    v.string(),
    v.regex(/^[\x20-\x7e]{1,1024}$/, 'must be 1 to 1024 printable ASCII characters'),
  ),
  client_secret: v.optional(clientSecret),
  /** Newest first, while a secret is being rotated. */
  client_secrets: v.optional(
    v.pipe(list(clientSecret, 2), v.minLength(1, 'must have at least 1 member')),
  ),
  /** A private JWK with `alg`, for `private_key_jwt` (RFC 7523 §2.2). */
  private_key: v.optional(
    v.pipe(
      object,
      v.check(isSigningKey, 'must be a private JWK (RSA, EC or OKP) with an alg that fits it'),
    ),
  ),
  params: v.optional(v.pipe(object, v.record(v.string(), v.string())), {}),
  scope: v.optional(
    v.pipe(
      v.string(),
      v.regex(scopePattern, 'must be scope tokens separated by single spaces'),
      v.maxLength(4096, 'must be at most 4096 characters'),
    ),
  ),
  return_urls: v.optional(
    list(
      v.pipe(
        v.string(),
        v.check(
          isReturnUrl,
          'must be an https URL (http on loopback only) without user, fragment, "\\" or "//" in its path',
        ),
      ),
      100,
    ),
    [],
  ),
  /** Sent with every token request, such as a static Bearer token. */
  token_request_headers: v.optional(v.pipe(object, v.record(headerName, headerValue)), {}),
  /** A JSON Merge Patch (RFC 7396) on the provider's definition. */
  provider_overrides: v.optional(object, {}),
});

export type Registration = v.InferOutput<typeof registrationSchema>;

/**
 * Reads a registration.
 *
 * @param secretText - the secret's value; untrusted, and repeated in no problem.
 * @throws {Fault} `REGISTRATION_INVALID` naming each faulty member by its path.
 */
export function parseRegistration(client: ClientName, secretText: string): Registration {
  const json = parseJson(secretText);
  if (!isJsonObject(json)) {
    const problems = ['the secret must be one JSON object'];
    throw new Fault('REGISTRATION_INVALID', { client, problems });
  }
  const odd = structureProblems(json);
  if (odd.length > 0) throw new Fault('REGISTRATION_INVALID', { client, problems: odd });
  const reading = readStrictly(registrationSchema, json);
  const problems = [
    ...(reading.outcome === 'refused' ? reading.problems : []),
    ...credentialProblems(json),
    ...headerProblems(json.token_request_headers),
    ...overrideProblems(json.provider_overrides),
  ];
  if (reading.outcome === 'refused' || problems.length > 0) {
    throw new Fault('REGISTRATION_INVALID', { client, problems });
  }
  return reading.value;
}

/** Undefined when it is no JSON. The parser's own words would repeat a piece of the secret. */
function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function credentialProblems(registration: JsonObject): string[] {
  const kinds = ['client_secret', 'client_secrets', 'private_key'];
  const present = kinds.filter((name) => Object.hasOwn(registration, name));
  return present.length > 1 ? [`${present.join(', ')}: only one of them may be there`] : [];
}

function headerProblems(headers: Json | undefined): string[] {
  const names = isJsonObject(headers) ? Object.keys(headers) : [];
  const lower = names.map((name) => name.toLowerCase());
  return names
    .filter((_, index) => lower.indexOf(lower[index] ?? '') !== index)
    .map((name) => `token_request_headers.${memberName(name)} is there twice, in another case`);
}

function overrideProblems(overrides: Json | undefined): string[] {
  return isJsonObject(overrides) && Object.hasOwn(overrides, 'name')
    ? ['provider_overrides.name cannot be overridden: choose another provider']
    : [];
}

/** Depth is bounded, and names that every object seems to have are refused (`__proto__`). */
function structureProblems(value: Json, path = '', depth = 0): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (depth > 16) return [`${path} is nested too deeply`];
  return Object.entries(value).flatMap(([name, member]: [string, Json]) => {
    const place = path === '' ? memberName(name) : `${path}.${memberName(name)}`;
    if (name in Object.prototype) return [`${place} is not a known member`];
    return structureProblems(member, place, depth + 1);
  });
}

function isReturnUrl(text: string): boolean {
  if (text.length > 2048 || !isPlainUrl(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || isLoopbackHostname(hostname);
}

const keyTypes: Readonly<Record<string, RegExp>> = {
  RSA: /^(RS|PS)(256|384|512)$/,
  EC: /^ES(256|384|512)$/,
  OKP: /^(EdDSA|Ed25519)$/,
};

function isSigningKey(jwk: JsonObject): boolean {
  const { kty, alg, d } = jwk;
  if (typeof kty !== 'string' || typeof alg !== 'string' || typeof d !== 'string') return false;
  if (!Object.hasOwn(keyTypes, kty) || !keyTypes[kty]?.test(alg)) return false;
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' }).type === 'private';
  } catch {
    return false;
  }
}
