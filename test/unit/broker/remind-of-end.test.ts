import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../lib/broker/ports.ts';
import type { RefreshCause } from '../../../lib/broker/refresh-need.ts';
import { epochSeconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { interposed } from '../../support/interposed.ts';
import {
  demand,
  due,
  dueAt,
  grantedWithoutRotation,
  notSent,
  refreshWorld,
  storeDown,
  type WorldSetup,
} from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

const day = 86_400;
const inDays = (days: number) => epochSeconds(dueAt + days * day);

/** It is 30 days before the end, which refreshes have not moved; the next refresh is in 20 days. */
const atItsReminder: Partial<Connection> = {
  refreshAt: dueAt,
  renewAt: inDays(20),
  renewalEndsAt: inDays(30),
  refreshTokenExpiresAt: inDays(30),
  accessTokenExpiresAt: inDays(20.5),
  remindDays: 30,
};

const aWorld = (row: Partial<Connection> = {}, setup: WorldSetup = {}) =>
  refreshWorld({ row: { ...atItsReminder, ...row }, token: { expiresAt: inDays(20.5) }, ...setup });

describe('at the moment of a reminder', () => {
  it('the end is told and nothing else: no call, no attempt, the refresh as planned', async () => {
    const world = aWorld();
    const before = world.row();

    const reply = await world.refresh();

    expect(reply).toMatchObject({ outcome: 'fresh' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toEqual({ ...before, remindDays: 7, refreshAt: inDays(20) });
  });

  it('the next reminder is planned, where that comes before the refresh', async () => {
    const world = aWorld({ renewAt: inDays(25) });

    await world.refresh();

    expect(world.row()).toMatchObject({ remindDays: 7, refreshAt: inDays(23) });
  });

  it('the same moment tells nothing a second time', async () => {
    const world = aWorld();
    await world.refresh();
    const told = world.row();

    await world.refresh();

    expect(world.row()).toEqual(told);
    expect(world.calls).toEqual([]);
  });

  it('a refresh that has become due meanwhile follows at once', async () => {
    const world = aWorld({ renewAt: dueAt });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
  });

  it('the refresh keeps its moment once all is told, though the end comes before it', async () => {
    const world = aWorld({ remindDays: 1, renewalEndsAt: inDays(1), renewAt: inDays(2) });

    await world.refresh();

    expect(world.row()).toMatchObject({ remindDays: 0, refreshAt: inDays(2) });
  });

  it.each([
    ['since a while', 3001],
    ['just now', 3060],
  ])(
    'a reminder that was late tells, and goes on to the refresh that is due too, %s',
    async (_, renewAt) => {
      const answer = {
        obtainedAt: at(3060),
        expiresAt: inDays(28),
        refreshTokenExpiresAt: inDays(30),
      };
      const world = aWorld({ renewAt: at(renewAt) }, { answers: [grantedWithoutRotation(answer)] });
      world.clock.setWallClock(at(3060));

      await world.refresh();

      expect(world.calls).toHaveLength(1);
      expect(world.row()).toMatchObject({ remindDays: 7, refreshAt: inDays(23) });
      expect(world.row().committedFence).toBeGreaterThan(1);
    },
  );

  it('nothing is told, and nothing sent, by a clock that is a little behind the scheduler’s', async () => {
    const world = aWorld();
    const before = world.row();
    world.clock.setWallClock(at(2997));

    expect(await world.refresh()).toMatchObject({ outcome: 'fresh' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toEqual(before);
  });

  it('a connection that no reminder was ever planned for is refreshed', async () => {
    const world = refreshWorld({ row: without(atItsReminder, 'remindDays') });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
  });

  it('a connection that fails is told of, and tried, not put off', async () => {
    const failing = { state: 'failing', failures: 1, failingSince: at(2000) } as const;
    const world = aWorld(failing, { answers: [notSent] });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ remindDays: 7, failures: 2 });
  });

  it.each<[string, RefreshCause, Partial<Connection>]>([
    ['a caller asks for a token', demand, {}],
    ['another moment was sent', { kind: 'due', refreshAt: at(2999) }, {}],
    ['the connection waits for its owner', due, { state: 'needs_reauth', reason: 'grant_dead' }],
  ])('nothing is told when %s', async (_name, cause, row) => {
    const world = aWorld(row);

    await world.refresh(cause);

    expect(world.row().remindDays).toBe(30);
  });

  it('an attempt whose end is unknown is looked into, not put off', async () => {
    const intent = { fence: 1, at: at(0), credentialFence: 1 };
    const world = aWorld({ intent });

    const reply = await world.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'outcome_unknown' } });
    expect(world.row()).toMatchObject({ remindDays: 7, intent });
  });

  it('the message is for another time where the store does not take what was told', async () => {
    const world = aWorld();
    const connections = interposed(world.connections, async (method, call) =>
      method === 'remind' ? Promise.reject(storeDown()) : call(),
    );

    await expect(world.refresh(due, { connections })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(world.row().remindDays).toBe(30);
  });

  it('somebody who came first is left the last word', async () => {
    const world = aWorld();
    const connections = {
      ...world.connections,
      remind: async () => 'lost' as const,
    };
    const before = world.row();

    const reply = await world.refresh(due, { connections });

    expect(reply).toMatchObject({ outcome: 'fresh' });
    expect(world.row()).toEqual(before);
    expect(world.calls).toEqual([]);
  });
});

describe('an end that a refresh might move', () => {
  it('is not told: the connection is refreshed, to find out', async () => {
    const { renewAt: _none, ...row } = atItsReminder;
    const answer = { expiresAt: inDays(20), refreshTokenExpiresAt: inDays(60) };
    const world = refreshWorld({ row, answers: [grantedWithoutRotation(answer)] });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ renewalEndsAt: inDays(60), remindDays: 30 });
  });

  it('is told right after a refresh that has not moved it, once', async () => {
    const { renewAt: _none, ...row } = atItsReminder;
    const answer = { expiresAt: inDays(20), refreshTokenExpiresAt: inDays(30) };
    const world = refreshWorld({ row, answers: [grantedWithoutRotation(answer)] });

    await world.refresh();
    expect(world.row()).toMatchObject({ refreshAt: dueAt, remindDays: 30 });
    await world.refresh();

    expect(world.calls).toHaveLength(1);
    expect(world.row().remindDays).toBe(7);
    expect(world.row().refreshAt).toBeGreaterThan(dueAt);
  });

  it('is told while refreshes fail, and they go on', async () => {
    const { renewAt: _none, ...row } = atItsReminder;
    const failing = { state: 'failing', failures: 1, failingSince: at(2000) } as const;
    const world = refreshWorld({ row: { ...row, ...failing }, answers: [notSent] });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ remindDays: 7, state: 'failing', failures: 2 });
  });

  it('is not written down again while refreshes fail before the next reminder', async () => {
    const { renewAt: _none, ...row } = atItsReminder;
    const failing = { state: 'failing', failures: 1, failingSince: at(2000) } as const;
    const world = refreshWorld({
      row: { ...row, ...failing, remindDays: 7 },
      answers: [notSent],
    });
    const written: string[] = [];
    const connections = interposed(world.connections, (method, call) => {
      written.push(method);
      return call();
    });

    await world.refresh(due, { connections });

    expect(written).not.toContain('remind');
    expect(world.row()).toMatchObject({ remindDays: 7, failures: 2 });
  });
});
