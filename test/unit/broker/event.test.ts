import { describe, expect, it } from 'vitest';
import { buildEvent } from '../../../lib/broker/event.ts';
import type { LiveImage, RowChange } from '../../../lib/broker/row-change.ts';
import { aKey, at } from '../../support/connections.ts';
import { expectDocumentedEvent } from '../../support/event-schemas.ts';

const baseUrl = 'https://oauth.example.com';
const active: LiveImage = {
  state: 'active',
  provider: 'hurma',
  fence: 10,
  committedFence: 10,
  changes: 0,
  renewal: ['refresh_token'],
};
const connected: RowChange = { row: 'connection', key: aKey(), after: active };
const died = (renewal: LiveImage['renewal']): RowChange => ({
  row: 'connection',
  key: aKey(),
  before: { ...active, renewal },
  after: {
    ...active,
    renewal,
    state: 'needs_reauth',
    changes: 1,
    reason: 'grant_dead',
    needsReauthSince: at(6),
  },
});

describe('an event', () => {
  it('says when what happened to whom, and its place in the order', () => {
    expect(buildEvent({ change: connected, changedAt: at(7) }, baseUrl)).toEqual({
      type: 'connection.connected',
      occurredAt: at(7),
      detail: {
        schema_version: 1,
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        sequence: 10_000,
        occurred_at: at(7),
        client: 'acme',
        connection: 'ann',
        provider: 'hurma',
        reconnected: false,
      },
    });
  });

  it('is the same to the last byte when its change is delivered again', () => {
    const build = () =>
      JSON.stringify(buildEvent({ change: connected, changedAt: at(7) }, baseUrl));

    expect(build()).toBe(build());
  });

  it.each<[string, RowChange, number]>([
    ['another connection', { ...connected, key: aKey('bob') }, 7],
    ['another change', { ...connected, after: { ...active, fence: 11, committedFence: 11 } }, 7],
    ['another moment, as after a restored table', connected, 8],
  ])('has another id for %s', (_what, change, second) => {
    const idOf = (given: RowChange, moment: number) =>
      buildEvent({ change: given, changedAt: at(moment) }, baseUrl)?.detail.id;

    expect(idOf(change, second)).not.toBe(idOf(connected, 7));
  });

  it('of a change that nobody has to know of is none', () => {
    const change: RowChange = { ...connected, before: active };

    expect(buildEvent({ change, changedAt: at(7) }, baseUrl)).toBeUndefined();
    expect(buildEvent({ change: { row: 'other' }, changedAt: at(7) }, baseUrl)).toBeUndefined();
  });

  it('says which request connects again: a connect session for a person', () => {
    const event = buildEvent({ change: died(['refresh_token']), changedAt: at(7) }, baseUrl);

    expect(event?.detail.reconnect).toEqual({
      method: 'POST',
      url: 'https://oauth.example.com/connect-sessions',
      body: { client: 'acme', connection: 'ann' },
    });
    expectDocumentedEvent(event?.type ?? '', event?.detail ?? {});
  });

  it.each([[['password']], [['refresh_token', 'client_credentials']]] as const)(
    'says so for %j: the request that brings credentials',
    (renewal) => {
      const event = buildEvent({ change: died(renewal), changedAt: at(7) }, baseUrl);

      expect(event?.detail.reconnect).toEqual({
        method: 'PUT',
        url: 'https://oauth.example.com/connections/acme/ann',
      });
      expectDocumentedEvent(event?.type ?? '', event?.detail ?? {});
    },
  );

  it('of a client names no connection', () => {
    const after = { changes: 4, refusedVersion: 'v1', refusedAt: at(6) };
    const change: RowChange = { row: 'client', client: aKey().client, after };

    const event = buildEvent({ change, changedAt: at(7) }, baseUrl);

    expect(event?.detail).toEqual({
      schema_version: 1,
      id: expect.any(String),
      sequence: 4,
      occurred_at: at(7),
      client: 'acme',
      since: at(6),
    });
    expectDocumentedEvent('client.refused', event?.detail ?? {});
  });
});
