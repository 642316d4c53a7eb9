/** What the functions publish: each fact once, in words of fixed lists, and nothing that names anybody. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import type { Reply } from '../../local/http-server.ts';
import { aCommitted, aKey, aStoredToken } from '../support/connections.ts';
import { type EmbeddedMetric, readMetrics } from '../support/embedded-metrics.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { jsonReply, registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
const byPassword = { grant_type: 'password', username: 'canary-user', password: 'canary-word' };
const stranger = 'arn:aws:sts::111122223333:assumed-role/canary-role/canary-session';
const ann = { client: 'canary-client', connection: 'canary-ann' };
const key = 'canary-client/canary-ann';
const provider = 'oauth2';
let stack: FunctionStack;
let functions: Functions;
/** What the first refresh of a container by schedule publishes. */
let atFirst: readonly EmbeddedMetric[];

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register(ann.client, registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
  await refreshBySchedule('canary-first');
  atFirst = published();
});
beforeEach(async () => {
  stack.provider.answerWith(() =>
    tokenReply({ access_token: 'canary-access', refresh_token: 'canary-refresh' }),
  );
  await functions.put(key, byPassword);
  output.clear();
});
afterAll(async () => {
  output.end();
  await stack.close();
});

/** What was published since the test began, in order; none of it names who or what it was about. */
function published(): readonly EmbeddedMetric[] {
  const found = readMetrics(output.lines());
  expect(JSON.stringify(found)).not.toContain('canary');
  return found;
}
const named = (...names: readonly string[]) =>
  published().filter(({ name }) => names.includes(name));
const once = (name: string, dimensions: object) => ({ name, value: 1, dimensions });

/** A connection of its own for each test: the queue takes one refresh of one moment once. */
async function makeDue(connection: string): Promise<void> {
  await functions.put(`${ann.client}/${connection}`, byPassword);
  await stack.makeDue(aKey(connection, ann.client));
  output.clear();
}

async function refreshBySchedule(connection: string, reply?: Reply): Promise<void> {
  await makeDue(connection);
  if (reply) stack.provider.answerWith(() => reply);
  await functions.refreshDue();
  await functions.refreshAll(await stack.receive('refresh'));
}

describe('a vend', () => {
  const direct = () => functions.vend(ann);
  const overHttp = () => functions.vendHttp(key);

  it.each([
    ['direct', direct],
    ['over HTTP', overHttp],
  ])('%s is measured once, with its outcome', async (_, vend) => {
    await vend();

    expect(published()).toEqual([
      { name: 'vend_duration', value: expect.any(Number), dimensions: { outcome: 'vended' } },
    ]);
    expect(published()[0]?.value).toBeGreaterThan(0);
    expect(published()[0]?.value).toBeLessThan(10_000);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['unknown_connection', () => functions.vend({ ...ann, connection: 'canary-nobody' })],
    ['unknown_client', () => functions.vendHttp('canary-none/canary-ann')],
    ['access_denied', () => functions.vendHttp(key, undefined, { caller: stranger })],
    ['invalid_request', () => functions.vend({ ...ann, connection: 'canary/' })],
    ['invalid_request', () => functions.vendHttp(key, { min_ttl_seconds: 'canary' })],
  ])('that ends with %s is measured once', async (outcome, vend) => {
    await vend();

    expect(named('vend_duration')).toMatchObject([{ dimensions: { outcome } }]);
    expect(named('fault')).toEqual([]);
  });

  it('whose token comes with a warning is told apart', async () => {
    const bob = { ...ann, connection: 'canary-bob' };
    await functions.put('canary-client/canary-bob', byPassword);
    await stack.age(aKey(bob.connection, bob.client), 3000);
    stack.provider.answerWith(() => jsonReply({}, 503));
    output.clear();

    await functions.vend({ ...bob, min_ttl_seconds: 1800 });

    expect(named('vend_duration')).toMatchObject([{ dimensions: { outcome: 'warned' } }]);
  });

  it('that finds its connection dead is measured once, and no fault', async () => {
    await refreshBySchedule('canary-cat', jsonReply({ error: 'invalid_grant' }, 400));
    output.clear();

    await functions.vendHttp('canary-client/canary-cat');

    expect(published()).toMatchObject([
      { name: 'vend_duration', dimensions: { outcome: 'reauthorization_required' } },
    ]);
  });

  it('by somebody who forges a direct event is none, and is measured not at all', async () => {
    await functions.vend({ ...ann, requestContext: {} });

    expect(published()).toEqual([]);
  });
});

describe('a run of the schedule', () => {
  const runOf = (sent: number, due: unknown, held: unknown) => [
    { name: 'refresh_scheduled', value: sent, dimensions: {} },
    { name: 'due_lag', value: due, dimensions: {} },
    { name: 'held_lag', value: held, dimensions: {} },
  ];

  it('with nothing to do says so: nothing sent, and nothing overdue', async () => {
    await functions.refreshDue();

    expect(published()).toEqual(runOf(0, 0, 0));
  });

  it('says how many it has sent, and by how many seconds the oldest is overdue', async () => {
    await makeDue('canary-dan');

    await functions.refreshDue();

    expect(published()).toEqual(runOf(1, expect.any(Number), 0));
    expect(published()[1]?.value).toBeLessThan(60);
    await functions.refreshAll(await stack.receive('refresh'));
  });
});

describe('a refresh by the schedule', () => {
  it('publishes the age of both keys, once in a while for a container', async () => {
    const ages = (metrics: readonly EmbeddedMetric[]) =>
      metrics.filter(({ name }) => name === 'key_age');

    expect(ages(atFirst)).toEqual([
      { name: 'key_age', value: expect.any(Number), dimensions: { ring: 'access-token' } },
      { name: 'key_age', value: expect.any(Number), dimensions: { ring: 'renewal' } },
    ]);
    for (const { value } of ages(atFirst)) expect(value).toBeLessThan(60);

    await refreshBySchedule('canary-eve');
    expect(ages(published())).toEqual([]);
  });

  it('is counted once with its provider and outcome', async () => {
    await refreshBySchedule('canary-fay');

    expect(named('refresh')).toEqual([once('refresh', { provider, outcome: 'granted' })]);
    expect(named('fault')).toEqual([]);
  });

  it('that the provider refuses is a reauthorization, by its reason', async () => {
    await refreshBySchedule('canary-gus', jsonReply({ error: 'invalid_grant' }, 400));

    expect(named('refresh', 'reauthorization_required')).toEqual([
      once('refresh', { provider, outcome: 'grant_refused' }),
      once('reauthorization_required', { provider, reason: 'grant_dead' }),
    ]);
  });

  it('whose message comes twice is counted once', async () => {
    await makeDue('canary-hal');
    await functions.refreshDue();
    const due = await stack.receive('refresh');
    await functions.refreshAll(due);
    output.clear();

    await functions.refreshAll(due);

    expect(published()).toEqual([]);
  });
});

describe('a recovery', () => {
  const fence = 1;
  const token = aStoredToken({ ...ann, fence } as never);
  const message = { ...aKey(ann.connection, ann.client), fence, answer: aCommitted(), token };

  it('is counted by what became of the answer', async () => {
    await functions.recoverAll([{ body: buildRecoveryMessage(message), groupId: undefined }]);

    expect(published()).toEqual([once('recovery', { outcome: 'superseded' })]);
  });

  it('of a message that nobody can read is a fault and no recovery', async () => {
    await functions.recoverAll([{ body: '{"canary":1}', groupId: undefined }]);

    expect(published()).toEqual([once('fault', { fault_code: 'REQUEST_INVALID' })]);
  });
});

describe('a fault of ours', () => {
  it('is counted by its code, wherever it happens', async () => {
    await stack.register(ann.client, { provider: 'canary-provider' });

    await functions.connect('POST /connect-sessions', { body: ann });

    expect(published()).toEqual([once('fault', { fault_code: 'REGISTRATION_INVALID' })]);
    await stack.register(ann.client, registrationAt(stack.provider.url));
  });
});

it('while the store is down each call counts its fault, and a run publishes no lag', async () => {
  await stack.servers.dynamodb.close();
  const fault = once('fault', { fault_code: 'STORE_UNAVAILABLE' });

  await expect(functions.refreshDue()).rejects.toThrow('the invocation failed');
  expect(published()).toEqual([fault]);

  output.clear();
  await functions.vend({ ...ann, connection: 'canary-cold' });
  expect(published()).toEqual([
    {
      name: 'vend_duration',
      value: expect.any(Number),
      dimensions: { outcome: 'temporarily_unavailable' },
    },
    fault,
  ]);
});
