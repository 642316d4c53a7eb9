/** What an attempt prepares for its answer, and what becomes of it. */
import { describe, expect, it } from 'vitest';
import type { ConnectionStore, PreparedCommit } from '../../../lib/broker/ports.ts';
import type { RefreshPorts } from '../../../lib/broker/refresh-replies.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import {
  due,
  dueAt,
  granted,
  grantedWithoutRotation,
  notSent,
  refreshWorld,
  refused,
  storeDown,
  timedOut,
} from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;

/** A world whose store prepares commits, and what was done in it, in order. */
function preparedWorld(answers: readonly TokenOutcome[] = [granted()]) {
  const deeds: string[] = [];
  const world: World = refreshWorld({
    answers: () => {
      deeds.push('call');
      return answers[deeds.filter((deed) => deed === 'call').length - 1] ?? granted();
    },
  });
  const note = <Result>(deed: string, result: Result): Result => {
    deeds.push(deed);
    return result;
  };
  const { connections } = world;
  const store = (commit: PreparedCommit['commit']): ConnectionStore => ({
    ...connections,
    acquire: (input) => note('acquire', connections.acquire(input)),
    commit: (...written) => note('commit', connections.commit(...written)),
    fail: (...written) => note('fail', connections.fail(...written)),
    markDead: (...written) => note('mark dead', connections.markDead(...written)),
    prepareCommit: (key, attempt) =>
      note(`prepare ${key.client}/${key.connection} ${attempt - fence}`, {
        commit: (answer) => note('prepared commit', commit(answer)),
        drop: () => note('drop', undefined),
      }),
  });
  const keeping: PreparedCommit['commit'] = (answer) =>
    connections.commit(world.row(), fence, answer);
  return {
    world,
    deeds,
    refresh: (commit = keeping, over: Partial<RefreshPorts> = {}) =>
      world.refresh(due, { connections: store(commit), ...over }),
  };
}

describe('what an attempt prepares', () => {
  it('is prepared after the lease and before the call, and the answer is kept by it', async () => {
    const { world, deeds, refresh } = preparedWorld();

    expect(await refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(deeds).toEqual(['acquire', 'prepare acme/ann 0', 'call', 'prepared commit', 'drop']);
    expect(world.row()).toMatchObject({ committedFence: fence, credentialFence: fence });
    expect(JSON.parse(await world.credential())).toMatchObject({ refresh_token: 'refresh-2' });
  });

  it('keeps an answer that brings no other credential, too', async () => {
    const { world, deeds, refresh } = preparedWorld([grantedWithoutRotation()]);

    await refresh();

    expect(deeds.at(-2)).toBe('prepared commit');
    expect(world.row()).toMatchObject({ committedFence: fence, credentialFence: 1 });
  });

  it('is tried once: after it the store itself is', async () => {
    const { world, deeds, refresh } = preparedWorld();

    const reply = await refresh(async () => {
      throw storeDown();
    });

    expect(reply).toMatchObject({ outcome: 'refreshed' });
    expect(deeds.slice(-3)).toEqual(['prepared commit', 'commit', 'drop']);
    expect(world.row()).toMatchObject({ committedFence: fence });
    expect(world.recovery.sent).toEqual([]);
  });

  it('leaves an answer whose lease was lost to the late rule', async () => {
    const { world, refresh } = preparedWorld();

    const reply = await refresh(async () => {
      world.connections.put({ ...world.row(), fence: fence + 7 });
      return 'lost';
    });

    expect(reply).toMatchObject({ outcome: 'refreshed' });
    expect(world.counted).toContain('refresh_committed_late');
  });

  it.each([
    ['refused', refused, 'mark dead'],
    ['not sent', notSent, 'fail'],
    ['not answered', timedOut, 'fail'],
  ])('is given up when the request is %s, before that is written', async (_, outcome, written) => {
    const { deeds, refresh } = preparedWorld([outcome]);

    await refresh();

    const attempted = ['acquire', 'prepare acme/ann 0', 'call'];
    expect(deeds).toEqual([...attempted, 'drop', written, 'drop']);
  });

  it('is given up when the call ends in a mistake', async () => {
    const { deeds, refresh } = preparedWorld();
    const mistake = new TypeError('a mistake');
    const requestToken = async () => {
      throw mistake;
    };

    await expect(refresh(undefined, { requestToken })).rejects.toBe(mistake);
    expect(deeds).toEqual(['acquire', 'prepare acme/ann 0', 'drop']);
  });
});
