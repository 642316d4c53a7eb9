import { describe, expect, it } from 'vitest';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import { at } from '../../support/connections.ts';
import {
  demand,
  due,
  dueAt,
  granted,
  oldCredential,
  passwordCredential,
  refreshWorld,
  refused,
  timedOut,
} from '../../support/refresh-world.ts';

type Rotation = DefinitionInput['rotation'];

const rotating = (rotation: Rotation) => ({ definition: { rotation } });
const unreadable: TokenOutcome = {
  outcome: 'answer_invalid',
  trouble: 'no_access_token',
  httpStatus: 200,
};
const singleUse: readonly Rotation[] = ['strict', 'undeclared', { grace_seconds: 1 }];
/** An attempt that fell silent just now; its lease has ended. */
const crashedAt = (moment: number) => ({
  fence: 2,
  committedFence: 1,
  credentialFence: 1,
  intent: { fence: 2, at: at(moment), credentialFence: 1 },
  lease: { owner: 'crashed', until: at(moment + 30) },
});

describe.each([
  ['a time-out after sending', timedOut],
  ['an answer that cannot be used', unreadable],
])('%s', (_name, outcome) => {
  it.each(singleUse)('leaves a refresh token of rotation %j in doubt', async (rotation) => {
    const world = refreshWorld({ ...rotating(rotation), answers: [outcome] });
    const requestToken: typeof world.ports.requestToken = async (...asked) => {
      await world.clock.advance(5000);
      return world.ports.requestToken(...asked);
    };

    const reply = await world.refresh(due, { requestToken });

    // One try at expiry - 60 s, not before.
    expect(reply).toMatchObject({
      outcome: 'failing',
      warning: { code: 'outcome_unknown' },
      retryAt: at(3540),
      token: { fence: 1 },
    });
    expect(world.row()).toMatchObject({
      state: 'failing',
      refreshAt: at(3540),
      intent: { fence: dueAt * 1000, at: dueAt, credentialFence: 1 },
    });
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.token()).toMatchObject({
      warning: { code: 'outcome_unknown' },
      retryAt: at(3540),
    });
  });

  it('does no harm where refresh tokens never change: it is soon tried again', async () => {
    const world = refreshWorld({ ...rotating('none'), answers: [outcome] });

    expect(await world.refresh()).toMatchObject({
      warning: { code: 'refresh_failing' },
      retryAt: at(3033),
    });
  });

  it('is tried again within the grace of a refresh token that has one', async () => {
    const world = refreshWorld({ ...rotating({ grace_seconds: 20 }), answers: [outcome] });

    const { retryAt = at(0) } = await world.refresh(due, { random: () => 1 });

    expect(retryAt).toBeGreaterThan(dueAt);
    expect(retryAt).toBeLessThanOrEqual(at(3010));
  });

  it('says nothing of a password, which may be sent again', async () => {
    const world = refreshWorld({ credential: passwordCredential, answers: [outcome] });

    expect(await world.refresh()).toMatchObject({
      warning: { code: 'refresh_failing' },
      retryAt: at(3033),
    });
    expect(world.row()).not.toHaveProperty('intent');
  });

  it('of the login that follows a refused refresh token leaves that refused, not in doubt', async () => {
    const world = refreshWorld({
      credential: { ...oldCredential, ...passwordCredential },
      answers: [refused, outcome],
    });

    expect(await world.refresh()).toMatchObject({ retryAt: at(3033) });
    expect(world.row()).not.toHaveProperty('intent');
  });
});

it('waits for the lease and the recovery queue where the access token has ended', async () => {
  const world = refreshWorld({ answers: [timedOut], row: { accessTokenExpiresAt: at(3000) } });

  expect(await world.refresh()).toMatchObject({ retryAt: at(3000 + 30 + 120) });
});

it('obeys a Retry-After that is longer than every doubt', async () => {
  const world = refreshWorld({
    ...rotating({ grace_seconds: 20 }),
    answers: [
      { outcome: 'unavailable', trouble: 'http_status', undecided: true, retryAfterSeconds: 900 },
    ],
  });

  expect(await world.refresh()).toMatchObject({ retryAt: at(3900) });
});

describe('a refresh token that a crashed attempt left in doubt', () => {
  describe.each([
    ['due', due],
    ['demand', demand],
  ])('is not sent by %s', (_name, cause) => {
    it.each(singleUse)('before expiry - 60 s, for rotation %j', async (rotation) => {
      const world = refreshWorld({ ...rotating(rotation), row: crashedAt(2000) });

      expect(await world.refresh(cause)).toMatchObject({
        outcome: 'failing',
        warning: { code: 'outcome_unknown', since: at(2000) },
        retryAt: at(3540),
        token: { fence: 1 },
      });
      expect(world.calls).toEqual([]);
      expect(world.row()).toMatchObject({ fence: 2, refreshAt: at(3540), state: 'active' });
    });

    it('while its answer may come round through the recovery queue', async () => {
      const row = { ...crashedAt(2900), accessTokenExpiresAt: at(2950) };
      const world = refreshWorld({ row });

      expect(await world.refresh(cause)).toMatchObject({ retryAt: at(2900 + 30 + 120) });
      expect(world.calls).toEqual([]);
    });

    it('while that of a later attempt may, whose intent gave way to the older one', async () => {
      const row = {
        ...crashedAt(2900),
        intent: { fence: 2, at: at(1000), credentialFence: 1 },
        accessTokenExpiresAt: at(2950),
      };
      const world = refreshWorld({ row });

      expect(await world.refresh(cause)).toMatchObject({ retryAt: at(2930 + 120) });
      expect(world.calls).toEqual([]);
    });
  });

  it('is sent at expiry - 60 s, once', async () => {
    const world = refreshWorld({
      row: { ...crashedAt(2000), accessTokenExpiresAt: at(3060) },
      answers: [timedOut],
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'failing' });
    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ intent: { fence: 2, at: at(2000) } });
  });

  it('is then sent again with backoff, until the provider says that it is dead', async () => {
    const world = refreshWorld({
      row: { ...crashedAt(2000), accessTokenExpiresAt: at(3060) },
      answers: [timedOut, timedOut, refused],
    });
    const retryAts: number[] = [];

    for (let tries = 0; tries < 3; tries += 1) {
      const { refreshAt = at(0) } = world.row();
      await world.clock.advance(Math.max(0, refreshAt - world.clock.now()) * 1000);
      const { retryAt } = await world.refresh({ kind: 'due', refreshAt });
      if (retryAt !== undefined) retryAts.push(retryAt);
    }

    expect(retryAts).toEqual([at(3033), at(3033 + 66)]);
    expect(world.row()).toMatchObject({ state: 'needs_reauth', reason: 'answer_lost' });
  });

  it('is sent at once where the provider never changes refresh tokens', async () => {
    const world = refreshWorld({ ...rotating('none'), row: crashedAt(2900) });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  it.each([
    ['within its grace', 101, 'refreshed'],
    ['not at the end of its grace', 100, 'failing'],
  ])('is sent %s', async (_name, grace_seconds, outcome) => {
    const world = refreshWorld({ ...rotating({ grace_seconds }), row: crashedAt(2900) });

    expect(await world.refresh()).toMatchObject({ outcome });
  });

  it('does not keep a connection from logging in that has no refresh token', async () => {
    const world = refreshWorld({ credential: passwordCredential, row: crashedAt(2900) });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  it('is out of doubt with the next success', async () => {
    const world = refreshWorld({
      row: { ...crashedAt(2000), accessTokenExpiresAt: at(3060) },
      answers: [granted()],
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(world.row()).not.toHaveProperty('intent');
  });
});
