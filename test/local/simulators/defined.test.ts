import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientName } from '../../../lib/names.ts';
import { applyMergePatch, type JsonObject } from '../../../lib/providers/merge-patch.ts';
import { Secret } from '../../../lib/secret.ts';
import {
  buildDefinedRegistration,
  listDefinedProviders,
} from '../../../local/simulators/defined/defined-provider.ts';
import {
  type RunningDefinedSimulators,
  startDefinedSimulators,
} from '../../../local/simulators/defined/start.ts';
import { aBroker } from '../../interoperability/a-broker.ts';

const publicBaseUrl = 'https://broker.example.com';

/** A provider that nobody has made, with a dialect in every corner. */
const harbour = {
  name: 'harbour',
  title: 'Harbour',
  documentation: 'https://developers.harbour.example/oauth',
  params: {
    region: {
      of: 'registration',
      description: 'where the account is hosted',
      choices: { eu: 'eu.harbour.example', us: 'us.harbour.example' },
    },
  },
  authorize: {
    url: 'https://{region}/start',
    names: { client_id: 'app', state: 'echo' },
    params: { access_type: 'offline' },
    issuer: 'https://{region}',
    callback: { names: { code: 'ticket', state: 'echo' }, values: { berth: 'berthId' } },
  },
  token: {
    url: 'https://{region}/token',
    parameters_in: 'json',
    client_authentication: 'client_secret_basic',
    names: { refresh_token: 'refreshToken' },
    headers: { 'Harbour-Version': '2026-01' },
  },
  grants: {
    authorization_code: {},
    password: { url: 'https://login.harbour.example/token' },
    client_credentials: { params: { audience: 'https://{region}/api' } },
    refresh_token: { url: 'https://{region}/refresh', parameters_in: 'form' },
  },
  revoke: { url: 'https://{region}/revoke' },
  answer: {
    access_token: ['data.0.accessToken'],
    refresh_token: ['data.0.refreshToken'],
    expires_in: ['data.0.ttl'],
    unit: 'milliseconds',
    account_id: ['data.0.user.id'],
    values: { dock: ['data.0.dock'] },
  },
  failures: [
    {
      http_status: [403],
      grant: ['refresh_token'],
      where: { path: 'code', in: ['TOKEN_REVOKED'] },
      means: 'invalid_grant',
    },
  ],
  api: { base_url: 'https://{region}/api', header: { scheme: 'Harbour' } },
  rotation: 'strict',
  lifetimes: { access_token_seconds: 1200 },
} as const satisfies JsonObject;

let folder: string;
let running: RunningDefinedSimulators | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'definitions-'));
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  rmSync(folder, { recursive: true });
});

const drop = (definition: { readonly name: string } & JsonObject, file = definition.name) =>
  writeFileSync(join(folder, `${file}.json`), JSON.stringify(definition));

/** The simulator of the one definition, and a broker that is registered with it. */
async function aHarbour(changes: JsonObject = {}) {
  const written = { ...harbour, ...changes };
  drop(written);
  const [listed] = listDefinedProviders(folder);
  if (!listed) throw new Error('there is no provider');
  const provider = { ...listed, client: { ...listed.client, name: 'acme' as ClientName } };
  running = await startDefinedSimulators({ providers: [provider], port: 0, publicBaseUrl });
  const url = running.urls.harbour ?? '';
  const seeded = buildDefinedRegistration(provider, url, []);
  // The functions know the definition by its name; here it is the overrides of the blank one.
  const { name: _, ...overrides } = written;
  const moved = applyMergePatch(overrides, seeded.provider_overrides as JsonObject);
  const registration = { ...seeded, provider: 'oauth2', provider_overrides: moved };
  return { url, seeded, registration, broker: aBroker(registration as unknown as JsonObject) };
}

type Harbour = Awaited<ReturnType<typeof aHarbour>>;

/** Sends ann to the provider's page, where she decides; answers where she is sent back to. */
async function visit(location: string, decision: 'allow' | 'deny'): Promise<string> {
  const response = await fetch(location, {
    method: 'POST',
    body: new URLSearchParams({ account: 'ann', decision }),
    redirect: 'manual',
  });
  return response.headers.get('location') ?? `status ${response.status}`;
}

async function connect({ broker }: Harbour, decision: 'allow' | 'deny' = 'allow') {
  const departure = await broker.depart();
  return broker.arrive(await visit(departure.location, decision), departure);
}

/** A call of the API with the token that is vended now. */
async function readyCall({ broker }: Harbour) {
  const { token, accessToken } = await broker.vend();
  const { present, apiBaseUrl } = token;
  if (present.in !== 'header') throw new Error('the token belongs into a header');
  const headers = { [present.name]: `${present.scheme} ${accessToken.reveal()}` };
  return () => fetch(`${apiBaseUrl}/boats`, { headers });
}

async function callApi(there: Harbour) {
  const call = await readyCall(there);
  const response = await call();
  return [response.status, await response.json()];
}

const control = (url: string, operation: string, body: object) =>
  fetch(`${url}/_control/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('a definition that lies in the folder', () => {
  it('gets a simulator and a registration that only moves its URLs there', async () => {
    const { url, seeded } = await aHarbour();

    expect(seeded).toMatchObject({
      provider: 'harbour',
      client_id: 'demo-harbour-client',
      params: { region: 'eu' },
      provider_overrides: {
        authorize: { url: `${url}/eu.harbour.example/start` },
        token: { url: `${url}/eu.harbour.example/token` },
        grants: {
          password: { url: `${url}/login.harbour.example/token` },
          refresh_token: { url: `${url}/eu.harbour.example/refresh` },
        },
        revoke: { url: `${url}/eu.harbour.example/revoke` },
        api: { base_url: `${url}/eu.harbour.example/api` },
      },
    });
  });

  it('is connected in its own dialect, with PKCE, and serves an API', async () => {
    const there = await aHarbour();

    const ending = await connect(there);

    expect(ending).toMatchObject({ status: 'connected' });
    expect(await there.broker.row()).toMatchObject({
      accountId: 'ann',
      values: { berth: 'demo-berth', dock: 'demo-dock' },
    });
    expect(await callApi(there)).toEqual([
      200,
      { account: { id: 'ann', name: 'Ann Fisher', email: 'ann@acme.example' } },
    ]);
  });

  it('passes a denial on', async () => {
    const there = await aHarbour();

    expect(await connect(there, 'deny')).toMatchObject({ status: 'denied' });
  });

  it('replaces refresh tokens as the definition says, and refuses in its words', async () => {
    const there = await aHarbour();
    await connect(there);
    const first = await there.broker.refreshToken();

    const refreshed = await there.broker.refresh();
    const second = await there.broker.refreshToken();
    await control(there.url, 'reset', {});
    const refused = await there.broker.refresh();

    expect(refreshed.outcome).toBe('refreshed');
    expect(second).not.toBe(first);
    expect(refused).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead' });
  });

  it('takes each further grant at its own URL, and no wrong password', async () => {
    const there = await aHarbour();
    const { broker } = there;
    const login = (password: string) =>
      broker.connectDirectly({
        by: 'password',
        username: 'ann@acme.example',
        password: new Secret('password', password),
        retainCredentials: false,
      });

    await broker.connectAsClient();
    const asClient = await callApi(there);
    await login('ann-demo-password');
    const byPassword = await callApi(there);
    const wrong = login('wrong');

    expect([asClient[0], byPassword[0]]).toEqual([200, 200]);
    await expect(wrong).rejects.toMatchObject({ code: 'CREDENTIALS_REFUSED' });
  });

  it('ends a grant at its revocation endpoint', async () => {
    const there = await aHarbour();
    await connect(there);
    const call = await readyCall(there);

    await there.broker.disconnect();

    expect((await call()).status).toBe(401);
  });

  it('tells when a token ends, where only its introspection endpoint does', async () => {
    const introspect = { url: 'https://{region}/introspect', answer: { exp: ['meta.exp'] } };
    const there = await aHarbour({ introspect, lifetimes: {} });
    await control(there.url, 'settings', { reported_expiry: 'absent', access_token_seconds: 900 });

    await connect(there);

    expect(await there.broker.row()).toMatchObject({ expirySource: 'introspection' });
  });

  it.each([
    ['another client secret', { client_secret: 'wrong' }, 'client_refused'],
    ['a header missing', { token: { headers: { 'Harbour-Version': null } } }, 'exchange_failed'],
    ['a name of a parameter changed', { token: { names: { code: 'Code' } } }, 'exchange_failed'],
    ['an authorization parameter missing', { authorize: { params: null } }, undefined],
  ])('refuses a registration with %s', async (_, mistake, error) => {
    const there = await aHarbour();
    const { client_secret, ...provider_overrides } = { client_secret: undefined, ...mistake };
    const changes = client_secret === undefined ? { provider_overrides } : { client_secret };
    there.broker.register(
      applyMergePatch(there.registration as unknown as JsonObject, changes) as JsonObject,
    );

    const departure = await there.broker.depart();
    const back = await visit(departure.location, 'allow');
    const ending = error === undefined ? back : await there.broker.arrive(back, departure);

    expect(ending).toEqual(
      error === undefined ? 'status 400' : expect.objectContaining({ status: 'failed', error }),
    );
  });

  it('has no simulator as long as it knows no token endpoint', () => {
    drop({ ...harbour, token: { url: null }, grants: { authorization_code: {} } });

    expect(listDefinedProviders(folder)).toEqual([]);
  });

  it('is named, with what is wrong with it, where it cannot be used', () => {
    drop({ ...harbour, tokens: {} });
    drop(harbour, 'haven');

    expect(() => listDefinedProviders(folder)).toThrow(
      /^lib\/providers\/harbour\.json: tokens is not a known member$/,
    );
  });
});
