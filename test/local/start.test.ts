import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { evergrant } from '../../lib/client/evergrant.ts';
import { evergrantOverHttp } from '../../lib/client/evergrant-over-http.ts';
import type { BusEvent } from '../../local/event-bus.ts';
import { signedFetch } from '../../local/playground/signed-fetch.ts';
import { assertPortsFree, buildPorts, findFreePortBase, localUrl } from '../../local/ports.ts';
import { expectDocumentedEvent } from '../support/event-schemas.ts';

const startFile = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const clientOptions = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

let stateDir: string;
let portBase: number;
let running: Started | undefined;

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

function start(base: number): Started {
  const child = spawn(process.execPath, [startFile], {
    env: {
      ...process.env,
      EVERGRANT_PORT_BASE: String(base),
      EVERGRANT_STATE_DIR: stateDir,
      AWS_PROFILE: 'the-developers-own',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return { child, output: () => output, ended };
}

const stackFile = () => join(stateDir, 'local.json');

async function startStack(): Promise<void> {
  const started = start(portBase);
  running = started;
  let ended = false;
  void started.ended.then(() => {
    ended = true;
  });
  await vi.waitFor(
    () => {
      if (!ended && !existsSync(stackFile())) throw new Error('not yet');
    },
    { timeout: 400_000, interval: 100 },
  );
  expect(ended, started.output()).toBe(false);
}

const portsAreFree = () =>
  vi.waitFor(() => assertPortsFree(portBase), { timeout: 60_000, interval: 50 });

async function readSecret(name: string): Promise<unknown> {
  const client = new SecretsManagerClient({
    ...clientOptions,
    endpoint: localUrl(buildPorts(portBase).secretsManager),
  });
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: name }));
  client.destroy();
  return JSON.parse(SecretString);
}

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'stack-'));
  portBase = await findFreePortBase();
  await startStack();
}, 450_000);

afterAll(async () => {
  running?.child.kill('SIGKILL');
  await running?.ended;
  rmSync(stateDir, { recursive: true, force: true });
});

test('local.json says where everything is', () => {
  const at = (offset: number) => `http://127.0.0.1:${portBase + offset}`;

  expect(JSON.parse(readFileSync(stackFile(), 'utf8'))).toEqual({
    stage: 'local',
    region: 'us-east-1',
    api: at(0),
    lambda: at(2),
    dynamodb: at(3),
    secrets_manager: at(4),
    sqs: at(5),
    event_bridge: at(11),
    playground: at(6),
    providers: { hurma: at(7), hurdlr: at(8), humanity: at(9), hypersku: at(10) },
  });
});

test('the API asks for a signature where it is declared to, and nowhere else', async () => {
  const { api } = buildPorts(portBase);
  const signature =
    'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/execute-api/aws4_request, ' +
    'SignedHeaders=host, Signature=00';

  const unsigned = await fetch(`${localUrl(api)}/connections?client=hurma-acme`);
  const signed = await fetch(`${localUrl(api)}/connections?client=hurma-acme`, {
    headers: { authorization: signature },
  });
  const browser = await fetch(`${localUrl(api)}/authorize?session=unknown`);

  expect(unsigned.status).toBe(403);
  expect(await unsigned.json()).toEqual({ message: 'Forbidden' });
  expect(signed.status).toBe(200);
  expect(await signed.json()).toEqual({ connections: [] });
  expect(browser.status).toBeLessThan(500);
  expect(browser.status).not.toBe(403);
});

test('a function is invoked through the Lambda endpoint', async () => {
  const lambda = new LambdaClient({
    ...clientOptions,
    endpoint: localUrl(buildPorts(portBase).lambda),
  });
  const event = { client: 'hurma-acme', connection: 'nobody' };

  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: 'evergrant-local-vend', Payload: JSON.stringify(event) }),
  );
  lambda.destroy();

  expect(FunctionError).toBeUndefined();
  expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({
    error: 'unknown_connection',
  });
});

test('the client of other functions has tokens and calls an API, by Lambda and over HTTP', async () => {
  const { api, lambda: lambdaPort } = buildPorts(portBase);
  const baseUrl = localUrl(api);
  const grant = {
    grant_type: 'password',
    username: 'ann@acme.example',
    password: 'ann-demo-password',
  };
  await signedFetch(`${baseUrl}/connections/humanity-acme/client`, {
    method: 'PUT',
    body: JSON.stringify(grant),
  });
  const lambda = new LambdaClient({ ...clientOptions, endpoint: localUrl(lambdaPort) });
  const brokers = [
    evergrant({ functionName: 'evergrant-local-vend', lambda }),
    evergrantOverHttp({ baseUrl, ...clientOptions }),
  ];

  const answers = await Promise.all(
    brokers.map(async ({ connection }) => {
      const response = await connection('humanity-acme/client').fetch('/me');
      return [response.status, await response.json()];
    }),
  );
  lambda.destroy();

  expect(answers[0]).toMatchObject([200, { status: 1 }]);
  expect(answers[1]).toEqual(answers[0]);
});

test('what happens is told: a connection is made and ended, and both are on the bus', async () => {
  const { api, eventBridge, playground } = buildPorts(portBase);
  const connection = `${localUrl(api)}/connections/hurdlr-acme/told`;
  const body = JSON.stringify({ grant_type: 'client_credentials', params: { userId: 'ann' } });
  const readEvents = async () => {
    const response = await fetch(`${localUrl(eventBridge)}/events`);
    const { events } = (await response.json()) as { events: readonly BusEvent[] };
    return events.filter(({ detail }) => detail.connection === 'told').toReversed();
  };

  const put = await signedFetch(connection, { method: 'PUT', body });
  expect(put.status).toBe(201);
  await signedFetch(connection, { method: 'DELETE' });

  const events = await vi.waitFor(
    async () => {
      const found = await readEvents();
      expect(found.length).toBeGreaterThanOrEqual(2);
      return found;
    },
    { timeout: 120_000, interval: 100 },
  );
  expect(events.map(({ 'detail-type': type }) => type)).toEqual([
    'connection.connected',
    'connection.revoked',
  ]);
  for (const { 'detail-type': type, detail } of events) expectDocumentedEvent(type, detail);
  const page = await fetch(`${localUrl(playground)}/events`);
  expect(await page.text()).toContain('<span>hurdlr-acme/told</span>');
});

test('the clients of the demonstration are registered', async () => {
  const client = new SecretsManagerClient({
    ...clientOptions,
    endpoint: localUrl(buildPorts(portBase).secretsManager),
  });
  const { SecretList = [] } = await client.send(
    new ListSecretsCommand({
      Filters: [{ Key: 'name', Values: ['evergrant/local/clients/'] }],
      SortOrder: 'asc',
    }),
  );
  client.destroy();

  expect(SecretList.map(({ Name }) => Name?.split('/').at(-1)).sort()).toEqual([
    'humanity-acme',
    'hurdlr-acme',
    'hurma-acme',
    'hurma-acme-password',
    'hypersku-acme',
  ]);
});

test('a second stack of the same folder is refused in one sentence', async () => {
  const second = start(await findFreePortBase());

  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/^Evergrant did not start: .*EVERGRANT_STATE_DIR.*\n$/);
});

test('a port in use is named with the setting that moves it', async () => {
  const ownDir = stateDir;
  stateDir = mkdtempSync(join(tmpdir(), 'stack-'));
  const second = start(portBase);
  const code = await second.ended;
  rmSync(stateDir, { recursive: true, force: true });
  stateDir = ownDir;

  expect(code).toBe(1);
  expect(second.output()).toMatch(
    new RegExp(`^Evergrant did not start: port ${portBase} is in use.*EVERGRANT_PORT_BASE.*\n$`),
  );
});

test('what is kept survives a kill, and Ctrl-C ends everything', { timeout: 900_000 }, async () => {
  const keyRing = await readSecret('evergrant/local/keys/renewal');
  const own = { provider: 'hurma', client_id: 'own', client_secret: 'x', return_urls: [] };
  const client = new SecretsManagerClient({
    ...clientOptions,
    endpoint: localUrl(buildPorts(portBase).secretsManager),
  });
  const put = { SecretId: 'evergrant/local/clients/hurma-acme', SecretString: JSON.stringify(own) };
  await client.send(new PutSecretValueCommand(put));
  client.destroy();

  running?.child.kill('SIGKILL');
  await running?.ended;
  await portsAreFree();
  rmSync(stackFile());
  await startStack();

  expect(await readSecret('evergrant/local/keys/renewal')).toEqual(keyRing);
  expect(await readSecret('evergrant/local/clients/hurma-acme')).toEqual(own);
  running?.child.kill('SIGINT');

  expect(await running?.ended).toBe(0);
  await expect(assertPortsFree(portBase)).resolves.toBeUndefined();
  expect(existsSync(stackFile())).toBe(false);
});
