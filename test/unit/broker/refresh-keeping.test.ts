import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore } from '../../../lib/broker/ports.ts';
import type { RecoveryQueue } from '../../../lib/broker/queue-ports.ts';
import { recoverAnswer } from '../../../lib/broker/recover-answer.ts';
import { Fault } from '../../../lib/fault.ts';
import { aKey, aTombstone, at } from '../../support/connections.ts';
import {
  due,
  dueAt,
  granted,
  grantedWithoutRotation,
  notSent,
  oldCredential,
  passwordCredential,
  refreshToken,
  refreshWorld,
  refused,
  storeDown,
  timedOut,
} from '../../support/refresh-world.ts';
import { sealedText } from '../../support/transparent-sealer.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;
const published = sealedText('access_token', { ...aKey(), fence }, 'access-2');
const down = async (): Promise<never> => {
  throw storeDown();
};
const withStore = (world: World, changes: Partial<ConnectionStore>) => ({
  connections: { ...world.connections, ...changes },
});
/** Another attempt takes the connection over, as if our lease had ended during the call. */
const overtaken = (row: Connection): Connection => ({
  ...row,
  fence: fence + 7,
  lease: { owner: 'another', until: at(3060) },
});

describe('an answer', () => {
  it('is kept in one write and published, and the connection is as new', async () => {
    const world = refreshWorld({ row: { state: 'failing', failures: 3, failingSince: at(2000) } });

    const reply = await world.refresh();

    expect(reply).toMatchObject({
      outcome: 'refreshed',
      state: 'active',
      token: { fence, sealed: published, expiresAt: at(6600) },
    });
    expect(world.row()).toMatchObject({
      state: 'active',
      failures: 0,
      fence,
      committedFence: fence,
      credentialFence: fence,
      lastRefreshedAt: dueAt,
      accessTokenExpiresAt: at(6600),
    });
    for (const gone of ['lease', 'intent', 'failingSince']) {
      expect(world.row()).not.toHaveProperty(gone);
    }
    expect(world.row().refreshAt).toBeGreaterThan(dueAt);
    expect(world.token()).toEqual(reply.token);
    expect(world.recovery.sent).toEqual([]);
  });

  it('brings a refresh token that replaces the old one, under its own fence', async () => {
    const world = refreshWorld();

    await world.refresh();

    expect(await world.credential()).toBe('{"refresh_token":"refresh-2"}');
  });

  it('without a refresh token leaves the old one as it is (RFC 6749 §6)', async () => {
    const world = refreshWorld({ answers: [grantedWithoutRotation()] });
    const { sealedCredential } = world.row();

    await world.refresh();

    expect(world.row()).toMatchObject({
      sealedCredential,
      credentialFence: 1,
      committedFence: fence,
    });
  });

  it('with the very same refresh token does not rewrite it, and its end stays known', async () => {
    const world = refreshWorld({
      row: { refreshTokenExpiresAt: at(90_000) },
      answers: [granted('refresh-1')],
    });
    const { sealedCredential } = world.row();

    await world.refresh();

    expect(world.row()).toMatchObject({
      sealedCredential,
      credentialFence: 1,
      refreshTokenExpiresAt: at(90_000),
    });
  });

  it('with another refresh token says nothing of the old one’s end', async () => {
    const world = refreshWorld({ row: { refreshTokenExpiresAt: at(90_000) } });

    await world.refresh();

    expect(world.row()).not.toHaveProperty('refreshTokenExpiresAt');
    expect(world.token()).not.toHaveProperty('refreshTokenExpiresAt');
  });

  it('keeps what was granted before where it is silent, and records what it narrows', async () => {
    const world = refreshWorld({
      row: { scope: 'read write', values: { realm: '1', site: 'eu' }, accountId: 'a-1' },
      answers: [granted('refresh-2', { scope: 'read', values: { site: 'us' } })],
    });

    await world.refresh();

    const kept = { scope: 'read', values: { realm: '1', site: 'us' } };
    expect(world.row()).toMatchObject({ ...kept, accountId: 'a-1' });
    expect(world.token()).toMatchObject(kept);
  });
});

describe('a refresh token that is refused', () => {
  const both = { credential: { ...oldCredential, ...passwordCredential } };

  it('gives way to the credentials that were retained, and is dropped', async () => {
    const world = refreshWorld({ ...both, answers: [refused, grantedWithoutRotation()] });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(world.calls.map(({ grantType }) => grantType)).toEqual(['refresh_token', 'password']);
    expect(world.calls[1]).toMatchObject({ username: 'ann', scope: 'read' });
    expect(world.row()).toMatchObject({ renewal: ['password'], credentialFence: fence });
    expect(await world.credential()).not.toContain('refresh');
  });

  it('gives way to a new one that the login brought', async () => {
    const world = refreshWorld({ ...both, answers: [refused, granted()] });

    await world.refresh();

    expect(world.row()).toMatchObject({ renewal: ['refresh_token', 'password'] });
    expect(await world.credential()).toContain('refresh-2');
    expect(await world.credential()).toContain('correct-horse');
  });

  it("gives way to the client's own credentials", async () => {
    const world = refreshWorld({
      credential: { ...oldCredential, clientCredentials: true },
      answers: [refused, grantedWithoutRotation()],
    });

    await world.refresh();

    expect(world.calls.map(({ grantType }) => grantType)).toEqual([
      'refresh_token',
      'client_credentials',
    ]);
    expect(world.row()).toMatchObject({ state: 'active', renewal: ['client_credentials'] });
  });

  it.each([
    ['a success', granted()],
    ['an outage', notSent],
    ['an answer that nobody heard', timedOut],
  ])('is the only reason to log in: not %s', async (_name, outcome) => {
    const world = refreshWorld({ ...both, answers: [outcome] });

    await world.refresh();

    expect(world.calls.map(({ grantType }) => grantType)).toEqual(['refresh_token']);
  });

  it('is not what a login finds that was made because there is no endpoint for it', async () => {
    const world = refreshWorld({
      ...both,
      definition: { grants: { password: {}, refresh_token: { url: null } } },
      answers: [grantedWithoutRotation()],
    });

    await world.refresh();

    expect(world.calls.map(({ grantType }) => grantType)).toEqual(['password']);
    expect(await world.credential()).toContain('refresh-1');
  });
});

describe('an answer whose lease was lost meanwhile', () => {
  it('is kept by the late rule, and leaves the lease to who has it', async () => {
    const world = refreshWorld({
      answers: () => {
        world.connections.put(overtaken(world.row()));
        return granted();
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed', token: { fence } });
    expect(world.row()).toMatchObject({
      fence: fence + 7,
      committedFence: fence,
      credentialFence: fence,
      lease: { owner: 'another' },
    });
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.token()).toMatchObject({ fence });
    expect(world.counted).toContain('refresh_committed_late');
  });

  it('brings back a connection that was given up only because it was missing', async () => {
    const world = refreshWorld({
      answers: () => {
        world.connections.put({
          ...overtaken(world.row()),
          state: 'needs_reauth',
          reason: 'answer_lost',
        });
        return granted();
      },
    });

    await world.refresh();

    expect(world.row()).toMatchObject({ state: 'active', committedFence: fence });
    expect(world.row()).not.toHaveProperty('reason');
  });

  it('never overwrites a newer one', async () => {
    const newer = { fence: fence + 7, committedFence: fence + 7, credentialFence: fence + 7 };
    const world = refreshWorld({
      answers: () => {
        world.connections.put({ ...world.row(), ...newer, sealedCredential: 'newest' });
        world.tokens.put({ ...world.token(), fence: fence + 7, sealed: 'newest' });
        return granted();
      },
    });

    const reply = await world.refresh();

    expect(reply).toMatchObject({ outcome: 'fresh', token: { fence: fence + 7 } });
    expect(world.row()).toMatchObject({ ...newer, sealedCredential: 'newest' });
    expect(world.token()).toMatchObject({ sealed: 'newest' });
    expect(world.counted).not.toContain('refresh_committed_late');
    expect(world.recovery.sent).toEqual([]);
  });

  it('never revives a connection that was deleted', async () => {
    const tombstone = aTombstone({ fence: fence + 7 });
    const world = refreshWorld({
      answers: () => {
        world.connections.put(tombstone);
        world.tokens.put(tombstone);
        return granted();
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'unknown_connection' });
    expect(world.connections.rows.get('acme/ann')).toEqual(tombstone);
    expect(world.tokens.rows.get('acme/ann')).toEqual(tombstone);
    expect(world.recovery.sent).toEqual([]);
  });
});

describe('an answer that the store is slow to take', () => {
  it('is written again until it is heard of', async () => {
    const world = refreshWorld();
    let tries = 0;
    const commit: ConnectionStore['commit'] = async (...written) => {
      tries += 1;
      return tries < 4 ? down() : world.connections.commit(...written);
    };

    expect(await world.refresh(due, withStore(world, { commit }))).toMatchObject({
      outcome: 'refreshed',
    });
    expect(tries).toBe(4);
    expect(world.row()).toMatchObject({ committedFence: fence });
    expect(world.recovery.sent).toEqual([]);
  });

  it('is known to be kept when only the store’s own answer was lost', async () => {
    const world = refreshWorld();
    const commit: ConnectionStore['commit'] = async (...written) => {
      await world.connections.commit(...written);
      return 'lost';
    };

    await world.refresh(due, withStore(world, { commit }));

    expect(world.counted).not.toContain('refresh_committed_late');
    expect(world.token()).toMatchObject({ fence });
  });

  it('goes to the recovery queue, sealed, before its lease has ended', async () => {
    const world = refreshWorld();
    const startedMs = world.clock.monotonicMs();
    let sentMs = 0;
    const recovery: RecoveryQueue = {
      send: async (message) => {
        sentMs = world.clock.monotonicMs() - startedMs;
        await world.recovery.send(message);
      },
    };

    const reply = await world.refresh(due, { ...withStore(world, { commit: down }), recovery });

    expect(reply).toMatchObject({ outcome: 'refreshed', token: { sealed: published } });
    expect(sentMs).toBeGreaterThan(25_000);
    expect(sentMs).toBeLessThanOrEqual(29_000);
    expect(world.recovery.sent).toMatchObject([
      { ...aKey(), fence, answer: { committedFence: fence }, token: { fence, sealed: published } },
    ]);
    expect(world.row()).toMatchObject({ intent: { fence }, committedFence: 1 });
  });

  it('goes there sooner when the invocation ends before the lease', async () => {
    const world = refreshWorld();
    const startedMs = world.clock.monotonicMs();

    await world.refresh(due, { ...withStore(world, { commit: down }), leftMs: 16_000 });

    expect(world.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(15_000);
    expect(world.recovery.sent).toHaveLength(1);
  });

  it('goes there too when only its token could not be published', async () => {
    const world = refreshWorld();

    await world.refresh(due, { tokens: { ...world.tokens, publish: down } });

    expect(world.row()).toMatchObject({ committedFence: fence });
    expect(world.recovery.sent).toHaveLength(1);
    expect(await recoverAnswer(world.ports, theMessage(world))).toBe('already_kept');
    expect(world.token()).toMatchObject({ fence, sealed: published });
  });

  it('is not answered with when neither table nor queue took it', async () => {
    const world = refreshWorld();

    await expect(
      world.refresh(due, { ...withStore(world, { commit: down }), recovery: { send: down } }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'answer_lost' }),
    );
    expect(world.row()).toMatchObject({ intent: { fence } });
  });

  it('is answered with when it is kept, though nothing took its token', async () => {
    const world = refreshWorld();
    const tokens = { ...world.tokens, publish: down };

    expect(await world.refresh(due, { tokens, recovery: { send: down } })).toMatchObject({
      outcome: 'refreshed',
      token: { sealed: published },
    });
  });
});

function theMessage(world: World) {
  const [message] = world.recovery.sent;
  if (!message) throw new Error('nothing was sent to recovery');
  return message;
}

it('sends the newest refresh token at the next refresh', async () => {
  const world = refreshWorld({ answers: [granted(), granted('refresh-3')] });
  await world.refresh();
  const { refreshAt = at(0) } = world.row();
  await world.clock.advance((refreshAt - dueAt) * 1000);

  await world.refresh({ kind: 'due', refreshAt });

  expect(world.calls[1]).toMatchObject({ refreshToken: refreshToken('refresh-2') });
  expect(world.calls.map((call) => 'refreshToken' in call && call.refreshToken.reveal())).toEqual([
    'refresh-1',
    'refresh-2',
  ]);
});

it('an answer whose row does not read back goes to the recovery queue', async () => {
  const world = refreshWorld();
  const unreadable = async (): Promise<never> => {
    throw new Fault('ROW_INVALID', { table: 'connections', key: 'acme/ann', problems: ['state'] });
  };

  const reply = await world.refresh(due, {
    connections: { ...world.connections, commit: unreadable },
  });

  expect(reply).toMatchObject({ outcome: 'refreshed' });
  expect(world.recovery.sent).toHaveLength(1);
  expect(world.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', event: 'answer_not_stored' }),
  );
});
