import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHappening } from '../../../lib/broker/happening.ts';
import type {
  ClientImage,
  ConnectionImage,
  LiveImage,
  RowChange,
} from '../../../lib/broker/row-change.ts';
import { aKey, at } from '../../support/connections.ts';

const anImage = (overrides: Partial<LiveImage> = {}): LiveImage => ({
  state: 'active',
  provider: 'oauth2',
  fence: 10,
  committedFence: 10,
  changes: 0,
  renewal: ['refresh_token'],
  ...overrides,
});
const tombstone: ConnectionImage = { state: 'revoked', fence: 11, changes: 0 };
const underWay = anImage({ fence: 11, committedFence: 10 });
const failing = anImage({
  state: 'failing',
  fence: 11,
  changes: 1,
  failingSince: at(5),
  refreshAt: at(65),
  accessTokenExpiresAt: at(600),
});
const dead = anImage({
  state: 'needs_reauth',
  fence: 12,
  changes: 1,
  reason: 'answer_lost',
  needsReauthSince: at(9),
});
const ending = anImage({ renewalEndsAt: at(900), remindDays: 30 });

const change = (before: ConnectionImage | undefined, after: ConnectionImage | undefined) =>
  ({
    row: 'connection',
    key: aKey(),
    ...(before && { before }),
    ...(after && { after }),
  }) satisfies RowChange;
const clientChange = (before: ClientImage | undefined, after: ClientImage | undefined) =>
  ({
    row: 'client',
    client: aKey().client,
    ...(before && { before }),
    ...(after && { after }),
  }) satisfies RowChange;

describe('a change of a connection tells', () => {
  it.each<[string, ConnectionImage | undefined, ConnectionImage | undefined, object]>([
    [
      'that it was connected, where there was no row',
      undefined,
      anImage(),
      { happening: { type: 'connection.connected', isReconnect: false }, sequence: 10_000 },
    ],
    [
      'that it was connected, after it had been deleted',
      tombstone,
      anImage({ fence: 12, committedFence: 12 }),
      { happening: { type: 'connection.connected', isReconnect: false }, sequence: 12_000 },
    ],
    [
      'that it was connected again, over a living one',
      anImage(),
      anImage({ fence: 12, committedFence: 12 }),
      { happening: { type: 'connection.connected', isReconnect: true }, sequence: 12_000 },
    ],
    [
      'that it was connected again, over a dead one, and not that it recovered',
      dead,
      anImage({ fence: 13, committedFence: 13 }),
      { happening: { type: 'connection.connected', isReconnect: true }, sequence: 13_000 },
    ],
    [
      'the first failure',
      underWay,
      failing,
      {
        happening: {
          type: 'connection.refresh_failing',
          since: at(5),
          nextTryAt: at(65),
          accessTokenExpiresAt: at(600),
        },
        sequence: 11_001,
      },
    ],
    [
      'that it works again',
      { ...failing, fence: 12, changes: 0 },
      anImage({ fence: 12, committedFence: 12, changes: 1 }),
      {
        happening: { type: 'connection.recovered', previousState: 'failing', since: at(5) },
        sequence: 12_001,
      },
    ],
    [
      'that a late answer brought it back',
      dead,
      anImage({ fence: 12, committedFence: 11, changes: 2 }),
      {
        happening: { type: 'connection.recovered', previousState: 'needs_reauth', since: at(9) },
        sequence: 12_002,
      },
    ],
    [
      'that its owner is needed',
      { ...underWay, fence: 12 },
      dead,
      {
        happening: {
          type: 'connection.reauthorization_required',
          reason: 'answer_lost',
          since: at(9),
          renewal: ['refresh_token'],
        },
        sequence: 12_001,
      },
    ],
    [
      'that its owner is needed, after failures too',
      failing,
      dead,
      { happening: { type: 'connection.reauthorization_required', since: at(9) } },
    ],
    [
      'that its end is near',
      ending,
      { ...ending, remindDays: 7, changes: 1 },
      {
        happening: {
          type: 'connection.expiring_soon',
          days: 30,
          endsAt: at(900),
          renewal: ['refresh_token'],
        },
        sequence: 10_001,
      },
    ],
    [
      'that its end is so near that the first reminder is left out',
      ending,
      { ...ending, remindDays: 1, changes: 1 },
      { happening: { type: 'connection.expiring_soon', days: 7 } },
    ],
    [
      'the last reminder',
      { ...ending, remindDays: 1 },
      { ...ending, remindDays: 0, changes: 3 },
      { happening: { type: 'connection.expiring_soon', days: 1 } },
    ],
    [
      'that it was ended',
      anImage(),
      tombstone,
      { happening: { type: 'connection.revoked' }, sequence: 11_000, provider: 'oauth2' },
    ],
    [
      'that its row was deleted by hand',
      failing,
      undefined,
      { happening: { type: 'connection.revoked' }, sequence: 11_002, provider: 'oauth2' },
    ],
  ])('%s', (_what, before, after, told) => {
    expect(readHappening(change(before, after))).toMatchObject(told);
  });

  it.each<[string, ConnectionImage | undefined, ConnectionImage | undefined]>([
    ['an attempt begins', anImage(), underWay],
    ['a refresh works, as planned', underWay, anImage({ fence: 11, committedFence: 11 })],
    ['a refresh fails once more', failing, { ...failing, fence: 12, refreshAt: at(99) }],
    ['an attempt is given back', underWay, { ...underWay, refreshAt: at(99) }],
    ['a dead one is written to', dead, { ...dead, committedFence: 12 }],
    ['a reminder is planned for a new end', ending, { ...ending, renewalEndsAt: at(9000) }],
    [
      'a new end comes with a nearer reminder',
      ending,
      { ...ending, renewalEndsAt: at(800), remindDays: 7 },
    ],
    ['a reminder goes back to an earlier one', { ...ending, remindDays: 7 }, ending],
    ['a row is given its first reminder', anImage({ renewalEndsAt: at(900) }), ending],
    ['a row loses its plan of reminders', ending, anImage({ renewalEndsAt: at(900), changes: 1 })],
    [
      'a reminder is crossed off of no end',
      anImage({ remindDays: 30 }),
      anImage({ remindDays: 7, changes: 1 }),
    ],
    ['a tombstone is deleted', tombstone, undefined],
    ['a tombstone is written over another', tombstone, { ...tombstone, fence: 12 }],
  ])('nothing when %s', (_what, before, after) => {
    expect(readHappening(change(before, after))).toBeUndefined();
  });
});

describe('a change of a client tells', () => {
  const refused = { changes: 1, refusedVersion: 'v1', refusedAt: at(3) };
  const changed = { changes: 2, changedVersion: 'v2', changedAt: at(4) };

  it.each<[string, ClientImage | undefined, ClientImage, object]>([
    [
      'that it was refused',
      undefined,
      refused,
      { happening: { type: 'client.refused', since: at(3) }, sequence: 1 },
    ],
    [
      'that its next version was refused too',
      refused,
      { ...refused, refusedVersion: 'v2', changes: 2 },
      { happening: { type: 'client.refused', since: at(3) }, sequence: 2 },
    ],
    [
      'that it changed',
      refused,
      { ...refused, ...changed },
      { happening: { type: 'client.changed', since: at(4) }, sequence: 2 },
    ],
    [
      'that it changed, where there was no row',
      undefined,
      changed,
      { happening: { type: 'client.changed', since: at(4) }, sequence: 2 },
    ],
  ])('%s', (_what, before, after, told) => {
    expect(readHappening(clientChange(before, after))).toEqual(told);
  });

  it.each<[string, ClientImage | undefined, ClientImage | undefined]>([
    ['a refusal is repeated', refused, { ...refused, refusedAt: at(9), changes: 2 }],
    ['a refusal is lifted', refused, { changes: 1 }],
    ['a change is forgotten', changed, { changes: 3 }],
    ['troubles are counted', { changes: 0 }, { changes: 0 }],
    ['its row is deleted by hand', refused, undefined],
  ])('nothing when %s', (_what, before, after) => {
    expect(readHappening(clientChange(before, after))).toBeUndefined();
  });
});

it('a change of any other row tells nothing', () => {
  expect(readHappening({ row: 'other' })).toBeUndefined();
});

describe('of any two images', () => {
  const optionally = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
  const number = fc.integer({ min: 0, max: 5 });
  const images: fc.Arbitrary<ConnectionImage | undefined> = optionally(
    fc.oneof(
      fc.record({ state: fc.constant('revoked' as const), fence: number, changes: number }),
      fc.record({
        state: fc.constantFrom('active' as const, 'failing' as const, 'needs_reauth' as const),
        provider: fc.constant('oauth2'),
        fence: number,
        committedFence: number,
        changes: number,
        renewal: fc.constant(['refresh_token'] as const),
        renewalEndsAt: fc.constantFrom(at(1), at(2)),
        remindDays: fc.constantFrom(30 as const, 7 as const, 1 as const, 0 as const),
      }),
    ),
  );

  it('one thing is told at most, always the same, and never what was there before', () => {
    fc.assert(
      fc.property(images, images, (before, after) => {
        const told = readHappening(change(before, after));

        expect(readHappening(change(before, after))).toEqual(told);
        expect(readHappening(change(after, after))).toBeUndefined();
        if (told && after && after.fence >= (before?.fence ?? 0)) {
          expect(told.sequence).toBe(after.fence * 1000 + after.changes);
        }
      }),
    );
  });
});
