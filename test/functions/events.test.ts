import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildRefreshMessage } from '../../lib/aws/refresh-message.ts';
import { keyText } from '../../lib/names.ts';
import { epochSeconds, systemClock } from '../../lib/time.ts';
import { aKey } from '../support/connections.ts';
import { eventSchemas, expectDocumentedEvent } from '../support/event-schemas.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { jsonReply, registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
let stack: FunctionStack;
let functions: Functions;
/** The types of all events of this file. */
const seen = new Set<string>();
let told = 0;

beforeAll(async () => {
  stack = await startFunctionStack();
  functions = await loadFunctions(stack);
});
beforeEach(async () => {
  await stack.register('acme', registered());
  stack.provider.answerWith(() => tokenReply());
});
afterAll(async () => {
  output.end();
  await stack.close();
});

/** At a provider that replaces no refresh token, so that a failure leaves nothing in doubt. */
function registered() {
  const registration = registrationAt(stack.provider.url);
  const { provider_overrides: overrides } = registration;
  return { ...registration, provider_overrides: { ...Object(overrides), rotation: 'none' } };
}

/** Follows the stream, and answers what it told, each event held against its schema. */
async function listen() {
  expect(await functions.publishAll(stack.takeChanges())).toEqual([]);
  const events = (await stack.events()).slice(told);
  told += events.length;
  for (const { 'detail-type': type, detail, source } of events) {
    expect(source).toBe('evergrant-local');
    expectDocumentedEvent(type, detail);
    seen.add(type);
  }
  return events.map(({ 'detail-type': type, detail }) => ({ type, ...detail }));
}

const clientCredentials = { grant_type: 'password', username: 'ann', password: 'ann-password' };
const connect = (connection: string) => functions.put(`acme/${connection}`, clientCredentials);

/** Refreshes a connection now, past the queue, which takes no second message of one moment. */
async function refresh(connection: string, client = 'acme') {
  const key = aKey(connection, client);
  await stack.makeDue(key);
  const row = (await stack.rows('connections')).find(({ pk }) => pk?.S === keyText(key));
  const body = buildRefreshMessage({ ...key, refreshAt: epochSeconds(Number(row?.refresh_at?.N)) });
  expect(await functions.refreshAll([{ body, groupId: 'lane' }])).toEqual([]);
}

/** Changes a row as time would have. */
async function alter(pk: string, changes: Readonly<Record<string, AttributeValue>>) {
  const row = (await stack.rows('connections')).find((each) => each.pk?.S === pk);
  await stack.putRow('connections', { ...row, ...changes });
}

const { now } = systemClock;

it('tells a life: connected, failing, recovered, dead, connected again, ended', async () => {
  await connect('ann');
  expect(await listen()).toMatchObject([
    { type: 'connection.connected', client: 'acme', connection: 'ann', reconnected: false },
  ]);

  stack.provider.answerWith(() => jsonReply({ error: 'server_error' }, 503));
  await refresh('ann');
  await refresh('ann');
  expect(await listen()).toMatchObject([
    { type: 'connection.refresh_failing', provider: 'oauth2', since: expect.any(Number) },
  ]);

  stack.provider.answerWith(() => tokenReply({ refresh_token: 'refresh-2' }));
  await refresh('ann');
  expect(await listen()).toMatchObject([
    { type: 'connection.recovered', previous_state: 'failing' },
  ]);

  await refresh('ann');
  expect(await listen()).toEqual([]);

  stack.provider.answerWith(() => jsonReply({ error: 'invalid_grant' }, 400));
  await refresh('ann');
  expect(await listen()).toMatchObject([
    {
      type: 'connection.reauthorization_required',
      reason: 'grant_dead',
      reconnect: {
        method: 'POST',
        url: 'http://127.0.0.1:3000/connect-sessions',
        body: { client: 'acme', connection: 'ann' },
      },
    },
  ]);

  stack.provider.answerWith(() => tokenReply());
  await connect('ann');
  await functions.remove('acme/ann');
  expect(await listen()).toMatchObject([
    { type: 'connection.connected', reconnected: true },
    { type: 'connection.revoked', connection: 'ann' },
  ]);
});

it('numbers what happened to one connection in the order in which it happened', async () => {
  const all = (await stack.events()).map(({ detail }) => Number(detail.sequence));

  expect(all.length).toBeGreaterThan(5);
  expect(all).toEqual(all.toSorted((one, other) => one - other));
  expect(new Set(all).size).toBe(all.length);
});

it('tells the same again, to the last byte, when the stream is delivered again', async () => {
  await connect('bob');
  const changes = stack.takeChanges();

  await functions.publishAll(changes);
  await functions.publishAll(changes);

  const events = (await stack.events()).slice(told);
  told += events.length;
  expect(events).toHaveLength(2);
  expect(events[1]?.detail).toEqual(events[0]?.detail);
});

it('reminds of an end 30, 7 and 1 days before, by the schedule, each once', async () => {
  const day = 86_400;
  await connect('eve');
  await listen();
  const reminders: unknown[] = [];

  for (const days of [30, 7, 1] as const) {
    // A moment of its own: of one, the queue takes one message.
    const end = now() - days + days * day;
    const renewAt = now() + day / 2;
    await alter('acme/eve', {
      renewal_ends_at: { N: `${end}` },
      remind_days: { N: `${days}` },
      refresh_at: { N: `${end - days * day}` },
      renew_at: { N: `${renewAt}` },
    });
    await listen();
    const calls = stack.provider.calls.length;
    for (let run = 0; run < 2; run += 1) {
      await functions.refreshDue();
      await functions.refreshAll(await stack.receive('refresh'));
    }
    expect(stack.provider.calls).toHaveLength(calls);
    reminders.push(...(await listen()));
    expect(await functions.show('acme/eve')).toMatchObject({
      message: { next_refresh_at: renewAt },
    });
  }

  expect(reminders).toMatchObject([
    { type: 'connection.expiring_soon', days: 30, reconnect: { method: 'POST' } },
    { type: 'connection.expiring_soon', days: 7 },
    { type: 'connection.expiring_soon', days: 1 },
  ]);
});

describe('a client', () => {
  it('that the provider refuses is told once, whatever waits for it', async () => {
    await connect('joe');
    await listen();
    stack.provider.answerWith(() => jsonReply({ error: 'invalid_client' }, 401));

    await refresh('joe');
    await refresh('joe');

    const events = await listen();
    expect(events).toMatchObject([{ type: 'client.refused', client: 'acme' }]);
    expect(events[0]).not.toHaveProperty('connection');
  });

  it('whose registration no longer matches is told once, and sent nothing', async () => {
    const elsewhere = registrationAt(stack.provider.url, { client_id: 'another-id' });
    await stack.register('moved', registrationAt(stack.provider.url));
    await functions.put('moved/ann', clientCredentials);
    await functions.put('moved/bob', clientCredentials);
    await listen();
    await stack.register('moved', elsewhere);
    stack.provider.answerWith(() => jsonReply({ error: 'invalid_client' }, 401));

    for (const connection of ['ann', 'ann', 'bob']) await refresh(connection, 'moved');

    const events = await listen();
    expect(events.filter(({ type }) => type === 'client.changed')).toMatchObject([
      { client: 'moved', since: expect.any(Number) },
    ]);
  });
});

it('has had every event that docs/events describes', () => {
  expect(seen).toEqual(new Set(eventSchemas.keys()));
});

it('wrote no image of a row to its log', () => {
  expect(output.text()).toContain('events_published');
  expect(output.text()).not.toMatch(/sealed_credential|NewImage|eyJ/);
});
