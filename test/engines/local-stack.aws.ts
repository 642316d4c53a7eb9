/** The local stack with the engines in place of its stand-ins: the demonstration, and any request. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { walkAll, walks } from '../../local/demo/walk-all.ts';
import { findFreePortBase } from '../../local/ports.ts';
import { type Stack, startStack } from '../../local/start.ts';
import { expectDocumentedEvent } from '../support/event-schemas.ts';
import { removeTable, tables } from '../support/function-resources.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { takeAll } from '../support/queue-service.ts';
import { motoUrl, startDynamoDbService } from '../support/services.ts';
import { followStreams } from './follow-streams.ts';

const run = promisify(execFile);

/** Slow engines take their time: none of it may be a token's whole life. */
const accessTokenSeconds = 20;

let stack: Stack | undefined;
let stateDir: string;
let dynamodb: DynamoDBClient;
let moto: string;
beforeAll(async () => {
  const engine = await startDynamoDbService();
  moto = await motoUrl();
  dynamodb = new DynamoDBClient({ endpoint: engine.url, ...localCredentials });
  for (const table of Object.values(tables)) await removeTable(dynamodb, table);
  await hearEvents();
  stateDir = mkdtempSync(join(tmpdir(), 'evergrant-aws-'));
  stack = await startStack({
    portBase: await findFreePortBase(),
    stateDir,
    quiet: true,
    services: {
      endpoints: { dynamodb: engine.url, secretsManager: moto, sqs: moto, eventBridge: moto },
      followStreams: (options) => followStreams(engine.url, options),
    },
  });
});
afterAll(async () => {
  await stack?.close();
  dynamodb.destroy();
  rmSync(stateDir, { recursive: true, force: true });
});

const heardQueue = 'heard';

/** A rule as others write it: everything that Evergrant publishes goes into a queue. */
async function hearEvents(): Promise<void> {
  const options = { endpoint: moto, ...localCredentials };
  const sqs = new SQSClient({ ...options, useQueueUrlAsEndpoint: false });
  await sqs.send(new CreateQueueCommand({ QueueName: heardQueue }));
  sqs.destroy();
  const events = new EventBridgeClient(options);
  const EventPattern = JSON.stringify({ source: ['evergrant-local'] });
  await events.send(new PutRuleCommand({ Name: 'all', EventPattern }));
  const Arn = `arn:aws:sqs:us-east-1:000000000000:${heardQueue}`;
  await events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 'queue', Arn }] }));
  events.destroy();
}

it('walks every documented grant of all four providers', { timeout: 900_000 }, async () => {
  const results = await walkAll(stack as Stack, { accessTokenSeconds });

  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  const ended = results.filter(({ step }) => step === 'disconnect');
  expect(ended.map(({ detail }) => detail)).toEqual(walks.map(() => '204, then 404'));
});

it('has kept everything in the engines', async () => {
  const TableName = tables.connections;
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
  expect(Table?.TableArn).toMatch(/^arn:aws:dynamodb:ddblocal:/);
  expect(Items.filter(({ state }) => state?.S === 'revoked')).toHaveLength(walks.length);

  const options = { endpoint: moto, ...localCredentials };
  const secrets = new SecretsManagerClient(options);
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
  expect(SecretList.map(({ Name }) => Name)).toContain('evergrant/local/keys/renewal');
  const sqs = new SQSClient(options);
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  expect(QueueUrls.map((url) => url.split('/').at(-1))).toContain('evergrant-local-refresh.fifo');
  secrets.destroy();
  sqs.destroy();
});

it('has published what happened, from the stream over EventBridge to whoever listens', async () => {
  const sqs = new SQSClient({ endpoint: moto, useQueueUrlAsEndpoint: false, ...localCredentials });
  const url = `${moto}/000000000000/${heardQueue}`;
  const heard = new Map<string, string[]>();
  const ended = () =>
    [...heard.values()].filter((types) => types.at(-1) === 'connection.revoked').length;

  await vi.waitFor(
    async () => {
      for (const { body } of await takeAll(sqs, url)) {
        const { 'detail-type': type, detail } = JSON.parse(body);
        expectDocumentedEvent(type, detail);
        const name = `${detail.client}/${detail.connection}`;
        heard.set(name, [...(heard.get(name) ?? []), type]);
      }
      expect(ended()).toBe(walks.length);
    },
    { timeout: 180_000, interval: 500 },
  );
  sqs.destroy();

  for (const { client, connection } of walks) {
    expect(heard.get(`${client}/${connection}`)?.[0]).toBe('connection.connected');
  }
});

it('answers any request as openapi.yaml says', { timeout: 900_000 }, async () => {
  const { api } = (stack as Stack).urls;
  const { PATH, HOME } = process.env;
  const signature = 'Credential=local/20260101/us-east-1/execute-api/aws4_request';
  const options = { cwd: stateDir, env: { PATH, HOME, PYTHONIOENCODING: 'utf-8' } };

  const { stdout } = await run(
    inject('installed').schemathesis,
    [
      ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
      ...['run', join(import.meta.dirname, '../../openapi.yaml'), '--url', api],
      // Nothing verifies it here; the key's id says who asks.
      ...[
        '--header',
        `Authorization: AWS4-HMAC-SHA256 ${signature}, SignedHeaders=host, Signature=0`,
      ],
    ],
    options,
  ).catch((error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? String(error) }));

  expect(stdout).toMatch(/Selected: (\d+)\/\1\s+Tested: \1\n/);
  expect(stdout).toMatch(/\n\s+(\d{3,}) generated, \1 passed/);
});
