/** One line for each decision, and what it tells of the token. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  captureOutput,
  type Functions,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { localUser } from '../support/http-events.ts';
import { keyCharacters } from '../support/key-rings.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
const stranger = 'arn:aws:sts::111122223333:assumed-role/crm/a-session';
const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };
const ann = { client: 'acme', connection: 'ann' };
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
  stack.provider.answerWith(() => tokenReply({ access_token: 'access-1', expires_in: 3600 }));
  await functions.put('acme/ann', byPassword);
});
beforeEach(() => output.clear());
afterAll(async () => {
  output.end();
  await stack.close();
});

/** The decisions that were written since the test began, without what every line has. */
const decisions = () =>
  output
    .lines()
    .filter(({ message }) => message === 'access')
    .map((line) => {
      const { level, message, timestamp, service, cold_start, ...details } = line;
      const { function_name, function_request_id, ...decision } = details;
      expect({ level, function_request_id }).toEqual({
        level: 'INFO',
        function_request_id: 'a-request',
      });
      return decision;
    });
const operator = { caller: localUser, apiRequestId: 'a-request' };
const unknownRole = {
  caller: 'arn:aws:iam::111122223333:role/crm',
  session: 'a-session',
  apiRequestId: 'a-request',
};
const fingerprint = expect.stringMatching(/^k1\.[0-9a-f]{32}$/);

describe('every decision leaves one line', () => {
  const onAnn = (method: string) => `${method} /connections/{client}/{connection}`;
  const requests: readonly (readonly [string, (caller: string) => Promise<unknown>, object])[] = [
    [
      'to connect',
      (caller) => functions.connect('POST /connect-sessions', { body: ann, caller }),
      { action: 'connect', connection: 'acme/ann' },
    ],
    [
      'to read',
      (caller) => functions.connections(onAnn('GET'), { path: ann, caller }),
      { action: 'read', connection: 'acme/ann' },
    ],
    [
      'to list',
      (caller) => functions.connections('GET /connections', { query: { client: 'acme' }, caller }),
      { action: 'read', connection: 'acme/*' },
    ],
    [
      'to connect without a browser',
      (caller) => functions.connections(onAnn('PUT'), { path: ann, body: byPassword, caller }),
      { action: 'write', connection: 'acme/ann' },
    ],
    [
      'to disconnect',
      (caller) =>
        functions.connections(onAnn('DELETE'), { path: { ...ann, connection: 'nobody' }, caller }),
      { action: 'write', connection: 'acme/nobody' },
    ],
  ];

  it.each(requests)('%s', async (_what, send, decided) => {
    await send(localUser);
    await send(stranger);

    expect(decisions()).toEqual([
      { ...operator, ...decided, decision: 'allowed' },
      { ...unknownRole, ...decided, decision: 'denied' },
    ]);
  });

  it('to confirm', async () => {
    const body = {
      ...ann,
      connection: 'carl',
      confirm: true,
      return_url: 'https://app.example.com/connected',
    };
    const browser = await sendToProvider(functions, body);
    const back = await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);
    const completion = new URL(String(back.headers?.location)).searchParams.get('completion');
    output.clear();

    for (const caller of [stranger, localUser]) {
      await functions.connect('POST /connect-sessions/complete', { body: { completion }, caller });
    }

    const decided = { action: 'connect', connection: 'acme/carl' };
    expect(decisions()).toEqual([
      { ...unknownRole, ...decided, decision: 'denied' },
      { ...operator, ...decided, decision: 'allowed' },
    ]);
  });

  it('to vend over HTTP', async () => {
    await functions.vendHttp('acme/ann');
    await functions.vendHttp('acme/ann', {}, { caller: stranger });
    await functions.vendHttp('acme/nobody');
    await functions.vendHttp('acme/ann', { min_ttl_seconds: -1 });

    const decided = { action: 'vend', connection: 'acme/ann' };
    expect(decisions()).toEqual([
      { ...operator, ...decided, decision: 'allowed', outcome: 'vended', token: fingerprint },
      { ...unknownRole, ...decided, decision: 'denied' },
      {
        ...operator,
        ...decided,
        connection: 'acme/nobody',
        decision: 'allowed',
        outcome: 'unknown_connection',
      },
      { ...operator, ...decided, decision: 'allowed', outcome: 'invalid_request' },
    ]);
  });

  it('to vend by direct invocation', async () => {
    await functions.vend(ann);
    await functions.vend({ ...ann, connection: 'nobody' });
    await functions.vend({ ...ann, requestContext: {} });

    const reach = 'evergrant-local-a-function';
    const decided = { reach, action: 'vend', connection: 'acme/ann' };
    expect(decisions()).toEqual([
      { ...decided, decision: 'allowed', outcome: 'vended', token: fingerprint },
      { ...decided, connection: 'acme/nobody', decision: 'allowed', outcome: 'unknown_connection' },
      { reach, action: 'invoke', decision: 'denied' },
    ]);
  });
});

describe('a fingerprint', () => {
  const vendedAs = async (vending: Promise<unknown>) => {
    output.clear();
    await vending;
    expect(output.text()).not.toContain('access-');
    return decisions()[0]?.token;
  };

  it('is the same direct and over HTTP, from memory and from the store, and changes with the token', async () => {
    const direct = await vendedAs(functions.vend(ann));
    const overHttp = await vendedAs(functions.vendHttp('acme/ann'));
    const again = await vendedAs(functions.vend(ann));
    stack.provider.answerWith(() => tokenReply({ access_token: 'access-2' }));
    await functions.put('acme/dora', byPassword);
    const another = await vendedAs(functions.vend({ ...ann, connection: 'dora' }));

    expect(direct).toEqual(fingerprint);
    expect([overHttp, again]).toEqual([direct, direct]);
    expect(another).not.toBe(direct);
  });

  it('is what the program in the documentation makes of the token', async () => {
    const logged = await vendedAs(functions.vend(ann));
    const ring = { current: 'k2', k1: keyCharacters('access-token', 'k1'), k2: 'x'.repeat(64) };

    const printed = runDocumentedProgram('access-1\n', JSON.stringify(ring));

    expect(printed).toEqual([logged, expect.stringMatching(/^k2\.[0-9a-f]{32}$/)]);
  });
});

it('names that are made up reach refresh five times at most, and the provider never', async () => {
  const invocations = () => stack.servers.lambda.requests.length;
  // Other tests of this file have asked about names too.
  const before = invocations();
  const calls = stack.provider.calls.length;

  for (let name = 0; name < 50; name += 1) {
    expect(await functions.vend({ client: 'acme', connection: `made-up-${name}` })).toMatchObject({
      status: 404,
    });
  }

  expect(invocations() - before).toBeLessThanOrEqual(5);
  expect(stack.provider.calls).toHaveLength(calls);
});

it('a connection just made is vended, though its name was asked about a moment ago', async () => {
  await functions.vend({ client: 'acme', connection: 'eve' });
  await functions.put('acme/eve', byPassword);

  expect(await functions.vend({ client: 'acme', connection: 'eve' })).toMatchObject({
    state: 'active',
    access_token: expect.any(String),
  });
});

it('no line had a detail that is not on the list', async () => {
  await stack.makeDue(aKey('ann'));
  await functions.refreshDue();
  await functions.refreshAll(await stack.receive('refresh'));
  await functions.remove('acme/ann');
  await functions.revokeAll(await stack.receive('revoke'));

  expect(output.lines().length).toBeGreaterThan(3);
  expect(output.lines().filter((line) => 'left_out' in line)).toEqual([]);
});

/** Runs the program that docs/operations.md tells to save, and answers its lines. */
function runDocumentedProgram(token: string, ring: string): readonly string[] {
  const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, program = ''] = /^```js\n(import \{ createHmac[\s\S]*?)^```/m.exec(operations) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'evergrant-fingerprint-'));
  try {
    writeFileSync(join(folder, 'fingerprint.mjs'), program);
    writeFileSync(join(folder, 'token.txt'), token);
    const { stdout } = spawnSync(process.execPath, ['fingerprint.mjs', 'token.txt'], {
      cwd: folder,
      input: ring,
      encoding: 'utf8',
    });
    return stdout.split('\n').filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
