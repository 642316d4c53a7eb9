import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../lib/time.ts';
import { type CapacityMeter, startCapacityMeter } from '../support/capacity-meter.ts';
import { aKey } from '../support/connections.ts';
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
  await stack.makeDue(aKey(connection, 'acme'));
  await functions.refreshDue();
  const messages = await stack.receive('refresh');
  expect(messages).toHaveLength(1);
  return counted(what, () => functions.refreshAll(messages));
}

/** What each thing takes, done with connections whose names begin so. */
async function measure(prefix: string): Promise<readonly string[]> {
  const ann = { client: 'acme', connection: `${prefix}-ann` };
  const grant = { refresh_token: 'r', access_token: 'a', expires_at: systemClock.now() + 3600 };
  const rows: string[] = [];
  const named = (name: string) => `${prefix}-${name}`;

  answerWith(64);
  await connectInBrowser(named('ann'));
  rows.push(await counted('a vend', () => functions.vend(ann)));
  rows.push(await counted('a vend from memory', () => functions.vend(ann)));
  rows.push(await refresh('a refresh', named('ann')));
  await connectInBrowser(named('eve'));
  await stack.makeDue(aKey(named('eve'), 'acme'));
  rows.push(
    await counted('a vend that has to refresh', () =>
      functions.vend({ client: 'acme', connection: named('eve') }),
    ),
  );
  answerWith(2048);
  await connectInBrowser(named('ben'));
  rows.push(await refresh('a refresh, both tokens of 2 KB', named('ben')));
  answerWith(64);
  rows.push(await counted('a connect through a browser', () => connectInBrowser(named('cleo'))));
  rows.push(
    await counted('an import', () => functions.put(`acme/${named('dan')}`, { import: grant })),
    await counted('a disconnect', () => functions.remove(`acme/${named('dan')}`)),
    await counted('a run of the schedule, nothing due', () => functions.refreshDue()),
  );
  return rows;
}

it('what each thing takes in DynamoDB is what the page on cost says', async () => {
  answerWith(64);
  // The first refresh of a process also reads how old the keys are.
  await connectInBrowser('first');
  await refresh('a first refresh', 'first');

  let rows = await measure('once');
  // A request that the SDK repeats on a busy machine is counted twice.
  for (const prefix of ['again', 'at-last']) {
    if (!isDeepStrictEqual(rows, documented())) rows = await measure(prefix);
  }

  expect(rows).toEqual(documented());
});
