import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClientName, ConnectionId } from '../../lib/names.ts';
import { systemClock } from '../../lib/time.ts';
import { type CapacityMeter, startCapacityMeter } from '../support/capacity-meter.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  captureOutput,
  type Functions,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
let stack: FunctionStack;
let functions: Functions;
let meter: CapacityMeter;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  meter = await startCapacityMeter(stack.servers.dynamodb.url);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = meter.url;
  functions = await loadFunctions(stack);
  const isThere = functions.vend({ client: 'acme', connection: 'nobody' });
  expect(await isThere).toMatchObject({ error: 'unknown_connection' });
});
afterAll(async () => {
  output.end();
  await meter.close();
  await stack.close();
});

/** The rows of the page's table, as `what: read units / write units`. */
function documented(): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cost.md'), 'utf8');
  const rows = page.matchAll(/^\| ([^|]+) \| ([\d.]+) \| (\d+) \|$/gm);
  return [...rows].map(([, what, read, write]) => `${what}: ${read} / ${write}`);
}

async function counted(what: string, work: () => Promise<unknown>): Promise<string> {
  meter.take();
  await work();
  const { readUnits, writeUnits } = meter.take();
  return `${what}: ${readUnits} / ${writeUnits}`;
}

const answerWith = (length: number) =>
  stack.provider.answerWith(({ form }) =>
    tokenReply({
      access_token: `${form.grant_type}-`.padEnd(length, 'a'),
      refresh_token: `${form.grant_type}-`.padEnd(length, 'r'),
    }),
  );

async function connectInBrowser(connection: string): Promise<void> {
  const browser = await sendToProvider(functions, { client: 'acme', connection });
  await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);
}

async function refresh(what: string, connection: string): Promise<string> {
  const key = { client: 'acme' as ClientName, connection: connection as ConnectionId };
  await stack.makeDue(key);
  await functions.refreshDue();
  const messages = await stack.receive('refresh');
  expect(messages).toHaveLength(1);
  return counted(what, () => functions.refreshAll(messages));
}

it('what each thing takes in DynamoDB is what the page on cost says', async () => {
  const ann = { client: 'acme', connection: 'ann' };
  const grant = { refresh_token: 'r', access_token: 'a', expires_at: systemClock.now() + 3600 };
  const rows: string[] = [];

  answerWith(64);
  // The first refresh of a process also reads how old the keys are.
  await connectInBrowser('first');
  await refresh('a first refresh', 'first');
  await connectInBrowser('ann');
  rows.push(await counted('a vend', () => functions.vend(ann)));
  rows.push(await counted('a vend from memory', () => functions.vend(ann)));
  rows.push(await refresh('a refresh', 'ann'));
  await connectInBrowser('eve');
  await stack.makeDue({ client: 'acme' as ClientName, connection: 'eve' as ConnectionId });
  rows.push(
    await counted('a vend that has to refresh', () =>
      functions.vend({ client: 'acme', connection: 'eve' }),
    ),
  );
  answerWith(2048);
  await connectInBrowser('ben');
  rows.push(await refresh('a refresh, both tokens of 2 KB', 'ben'));
  answerWith(64);
  rows.push(await counted('a connect through a browser', () => connectInBrowser('cleo')));
  rows.push(
    await counted('an import', () => functions.put('acme/dan', { import: grant })),
    await counted('a disconnect', () => functions.remove('acme/dan')),
    await counted('a run of the schedule, nothing due', () => functions.refreshDue()),
  );

  expect(rows).toEqual(documented());
});
