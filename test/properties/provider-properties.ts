/**
 * What operators write: registrations, definitions, the access policy, key rings; and where the
 * result may lead.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { isAllowed, matches, parseAccessPolicy } from '../../lib/broker/access-policy.ts';
import { parseClientName } from '../../lib/names.ts';
import {
  buildAuthorizationRequest,
  completeAuthorizationUrl,
} from '../../lib/oauth/authorization-request.ts';
import {
  type LookupAddresses,
  resolveProviderAddresses,
} from '../../lib/oauth/provider-address.ts';
import { TransportError } from '../../lib/oauth/transport.ts';
import type { Client } from '../../lib/providers/client.ts';
import { definitionSchema } from '../../lib/providers/definition.ts';
import { isLoopbackHostname } from '../../lib/providers/loopback.ts';
import { endpointOrigins, parseConnectionParams } from '../../lib/providers/params.ts';
import { isPlainUrl } from '../../lib/providers/plain-url.ts';
import { resolveClient } from '../../lib/providers/resolve-client.ts';
import { readStrictly } from '../../lib/read-strictly.ts';
import { parseKeyRing } from '../../lib/sealing/key-ring.ts';
import { assertPrototypesUntouched, readOrRefused } from './holding.ts';
import { hostileJson, hostileText, meddled, tampered } from './hostile-inputs.ts';
import { type ParserProperty, parserProperty } from './parser-property.ts';

const definition = {
  name: 'example',
  title: 'Example',
  documentation: 'https://as.example.com/docs',
  params: {
    tenant: { of: 'registration', format: 'host_label', description: 'tenant' },
    region: { of: 'registration', description: 'region', choices: { eu: 'eu.example.com:8443/x' } },
    account: { of: 'connection', description: 'account' },
  },
  authorize: {
    url: 'https://{tenant}.as.example.com/authorize?x=1',
    names: { scope: 'permissions', code_challenge_method: false },
    params: { account: '{account}', prompt: 'consent' },
    callback: { names: { code: 'the_code' }, values: { realm: 'realmId' } },
  },
  token: {
    url: 'https://{region}/token',
    names: { code: 'the_code' },
    params: { audience: '{account}' },
    headers: { 'x-tenant': '{tenant}' },
  },
  grants: {
    authorization_code: {},
    refresh_token: { parameters_in: 'json' },
    password: { client_authentication: 'client_secret_basic' },
  },
  revoke: { url: 'https://as.example.com/revoke' },
  answer: { account_id: ['user.id'], values: { url: ['instance_url'] } },
  failures: [{ http_status: [401], means: 'invalid_grant' }],
  api: { base_url: 'https://{tenant}.as.example.com/api' },
  scope: { default: 'read write', separator: ',' },
  rotation: { grace_seconds: 30 },
  lifetimes: { access_token_seconds: 3600 },
};

const definitionProperty = parserProperty('definition', meddled(definition), (input) => {
  const reading = readStrictly(definitionSchema, input);
  assertPrototypesUntouched();
  if (reading.outcome === 'refused') {
    assert.ok(reading.problems.length > 0);
    return false;
  }
  const again = readStrictly(definitionSchema, JSON.parse(JSON.stringify(reading.value)));
  assert.deepEqual(again, reading, 'what was read does not read back as the same');
  return true;
});

const registration = {
  provider: 'example',
  client_id: 'our-id',
  client_secrets: ['new-secret', 'old-secret'],
  params: { tenant: 'acme', region: 'eu' },
  scope: 'read write',
  return_urls: ['https://app.example.com/connected'],
  token_request_headers: { 'x-static': 'Bearer s-1' },
  provider_overrides: { authorize: { pkce: false }, token: { url: 'https://as.example.com/t' } },
};
const catalogue = new Map([['example', definition]]);
const parameterNames = ['client_id', 'redirect_uri', 'response_type', 'state', 'code_challenge'];
/** Names on the wire that may be those of other parameters. */
const renamings = fc.dictionary(
  fc.constantFrom(...parameterNames),
  fc.oneof(fc.constantFrom(...parameterNames, 'ctx', 'x'), hostileText),
  { maxKeys: 3 },
);
const registrationText = fc.oneof(
  meddled(registration).map((json) => JSON.stringify(json)),
  renamings.map((names) =>
    JSON.stringify({ ...registration, provider_overrides: { authorize: { names } } }),
  ),
  meddled(definition).map((json) => JSON.stringify({ ...registration, provider_overrides: json })),
  tampered(fc.constant(JSON.stringify(registration))),
  hostileText,
);
const name = parseClientName('acme');

const registrationProperty = parserProperty(
  'registration',
  fc.tuple(registrationText, fc.oneof(meddled({ account: '7' }), hostileJson)),
  ([text, params]) => {
    const client = readOrRefused('REGISTRATION_INVALID', () =>
      resolveClient(name, text, 'v1', catalogue),
    );
    assertPrototypesUntouched();
    if (!client) return false;
    for (const origin of endpointOrigins(client)) assertSafeOrigin(origin);
    const own = readOrRefused('REQUEST_INVALID', () => parseConnectionParams(client, params));
    if (own) assertAsksAsWeSay(client, own);
    return true;
  },
);

function assertSafeOrigin(origin: string): void {
  const { protocol, hostname, username } = new URL(origin);
  assert.ok(protocol === 'https:' || isLoopbackHostname(hostname));
  assert.equal(username, '');
}

const redirectUri = 'https://evergrant.example.com/callback/acme';

/** Whatever the registration, no parameter that decides where an answer goes is another's. */
function assertAsksAsWeSay(client: Client, params: Readonly<Record<string, string>>): void {
  const pinned = readOrRefused('REQUEST_INVALID', () =>
    buildAuthorizationRequest(client, { redirectUri, params }),
  );
  if (!pinned) return;
  const names = client.definition.authorize?.names ?? {};
  const url = new URL(
    completeAuthorizationUrl(pinned, { state: 'the-state', codeChallenge: 'the-challenge' }),
  );
  const expected: readonly (readonly [string | false, string])[] = [
    [names.client_id ?? 'client_id', client.clientId],
    [names.redirect_uri ?? 'redirect_uri', redirectUri],
    [names.response_type ?? 'response_type', 'code'],
    [names.state ?? 'state', 'the-state'],
    ...(pinned.pkce ? [[pinned.pkce.challengeName, 'the-challenge'] as const] : []),
  ];
  for (const [wireName, value] of expected) {
    if (wireName !== false) assert.deepEqual(url.searchParams.getAll(wireName), [value]);
  }
}

const policy = {
  allow: [
    {
      principals: ['arn:aws:iam::123456789012:role/crm'],
      actions: ['vend', 'read'],
      connections: ['acme/*', '*/ann'],
    },
  ],
};
const callerArn = fc.oneof(
  fc.constantFrom('arn:aws:sts::123456789012:assumed-role/crm/a-session', ''),
  tampered(fc.constant('arn:aws:sts::123456789012:assumed-role/crm/a-session')),
  hostileText,
);

const policyProperty = parserProperty(
  'access policy',
  fc.tuple(fc.oneof(meddled(policy), hostileJson), callerArn, hostileText),
  ([input, caller, connection]) => {
    const read = readOrRefused('CONFIGURATION_INVALID', () => parseAccessPolicy(input));
    assertPrototypesUntouched();
    if (!read) return false;
    const isRead = isAllowed(read, caller, { action: 'read', connection });
    const none = { allow: read.allow.map((entry) => ({ ...entry, actions: [] })) };
    assert.equal(isAllowed(none, caller, { action: 'read', connection }), false);
    if (isRead) assert.equal(connection.split('/').length, 2);
    return true;
  },
);

const patternProperty = parserProperty(
  'pattern of names',
  fc.tuple(
    tampered(fc.constantFrom('acme/ann', 'acme/*', '*/*', 'a.c+(/[x')),
    fc.oneof(tampered(fc.constant('acme/ann')), hostileText),
  ),
  ([pattern, text]) => {
    const isMatch = matches(pattern, text);
    if (isMatch) assert.equal(text.split('/').length, pattern.split('/').length);
    if (!pattern.includes('*')) assert.equal(isMatch, pattern === text);
    return isMatch;
  },
);

const characters = '0123456789abcdef'.repeat(4);
const ring = { current: 'k2', k1: characters, k2: characters };
const ringText = fc.oneof(
  meddled(ring).map((json) => JSON.stringify(json)),
  tampered(fc.constant(JSON.stringify(ring))),
  hostileText,
);

const keyRingProperty = parserProperty('key ring', ringText, (text) => {
  const read = readOrRefused('KEY_RING_INVALID', () => parseKeyRing('renewal', text));
  if (!read) return false;
  assert.equal(read.deriveKey(read.currentKeyId, 'renewal')?.length, 32);
  assert.equal(read.deriveKey('constructor', 'renewal'), undefined);
  return true;
});

const returnUrl = fc.oneof(
  tampered(fc.constantFrom('https://app.example.com/connected?for=a@b', 'http://127.0.0.1:3/x')),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  hostileText,
);
/** RFC 3986 Appendix B: how a parser that knows no browser parts a URL. */
const anyParser = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

const plainUrlProperty = parserProperty('return URL', returnUrl, (text) => {
  if (!isPlainUrl(text)) return false;
  const url = new URL(text);
  const [, scheme, authority, path] = anyParser.exec(text) ?? [];
  const host = new URL(`${scheme}://${authority}/`).host;
  assert.equal(url.host, host, 'two parsers read two hosts');
  assert.equal(`${url.username}${url.password}${url.hash}`, '');
  assert.doesNotMatch(`${authority}`, /[@\\]/);
  assert.doesNotMatch(`${path}`, /\/\/|\\/);
  return true;
});

/** What is not for providers, written down a second time, from the registries of IANA. */
const forbidden = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const net of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/3', '4000::/2', '8000::/1', '2001::/32', '2001:db8::/32', '2002::/16'],
]) {
  const [start = '', prefix] = net.split('/');
  const family = start.includes(':') ? 'ipv6' : 'ipv4';
  forbidden[family].addSubnet(start, Number(prefix), family);
}
const nearby = fc.constantFrom(
  ...['10.1.2.3', '100.127.255.255', '127.0.0.1', '169.254.169.254', '172.31.0.1', '192.168.1.1'],
  ...['::1', '::ffff:10.0.0.1', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254', 'fe80::1', '2002:7f00:1::'],
  ...['93.184.216.34', '2606:2800:220:1::1', '0x7f.1', '2130706433', '127.1', 'localhost'],
);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  nearby,
  tampered(nearby),
  hostileText,
);

const addressProperty = parserProperty('address of a provider', address, async (text) => {
  const lookup = async () => [{ address: text, family: text.includes(':') ? 6 : 4 }];
  const urls = ['https://as.example.com/', `https://${text}/`, `https://[${text}]/`];
  const taken: string[] = [];
  for (const url of urls.filter((each) => URL.canParse(each))) {
    taken.push(...(await addressesTaken(new URL(url), lookup)));
  }
  for (const one of taken) {
    const family = one.includes(':') ? 'ipv6' : 'ipv4';
    assert.equal(forbidden[family].check(one, family), false, `${one} was taken`);
  }
  return taken.length > 0;
});

async function addressesTaken(url: URL, lookup: LookupAddresses): Promise<readonly string[]> {
  const policyHere = { allowLoopbackHttp: false, allowedPrivateHosts: [] };
  try {
    const taken = await resolveProviderAddresses(url, policyHere, lookup);
    return taken.map((one) => one.address);
  } catch (error) {
    assert.ok(error instanceof TransportError);
    assert.equal(error.trouble, 'address_refused');
    return [];
  }
}

/** What must hold of everything that an operator writes. */
export const providerProperties: readonly ParserProperty[] = [
  definitionProperty,
  registrationProperty,
  policyProperty,
  patternProperty,
  keyRingProperty,
  plainUrlProperty,
  addressProperty,
];
