import { describe, expect, it } from 'vitest';
import { type Marking, markUncertain } from '../../../lib/broker/mark-uncertain.ts';
import { recoverAnswer } from '../../../lib/broker/recover-answer.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aCommitted, aKey, aStoredToken, aTombstone, at } from '../../support/connections.ts';
import {
  demand,
  granted,
  passwordCredential,
  refreshWorld,
  refused,
  type WorldSetup,
} from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

type Rotation = DefinitionInput['rotation'];

/** Marks the connection of a world whose clock stands at second 3000 of its token's life of 3600. */
function marking(setup: WorldSetup & { readonly rotation?: Rotation } = {}) {
  const { rotation = 'strict', ...rest } = setup;
  const world = refreshWorld({ definition: { rotation }, ...rest });
  const mark = (): Promise<Marking> =>
    markUncertain(world.ports, aKey(), aClient({ definition: aDefinition({ rotation }) }));
  return { ...world, mark };
}

describe('a connection that came back from a backup', () => {
  it('is not refreshed while its access token serves', async () => {
    const world = marking();

    expect(await world.mark()).toBe('marked');

    expect(world.row().refreshAt).toBe(at(3540));
    const reply = await world.refresh(demand);
    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'outcome_unknown' } });
    expect(reply.token?.sealed).toBeDefined();
    expect(world.calls).toEqual([]);
  });

  it('is tried once the access token has served, and is well when that works', async () => {
    const world = marking();
    await world.mark();
    await world.clock.advance(541_000);

    const reply = await world.refresh({ kind: 'due', refreshAt: at(3540) });

    expect(reply.outcome).toBe('refreshed');
    expect(world.row()).not.toHaveProperty('intent');
  });

  it('needs its owner for a lost answer, not for a dead grant, when the provider refuses', async () => {
    const world = marking({ answers: [refused] });
    await world.mark();
    await world.clock.advance(541_000);

    const reply = await world.refresh({ kind: 'due', refreshAt: at(3540) });

    expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'answer_lost' });
  });

  it('waits for the newer access token that the other table still has', async () => {
    const world = marking({ token: { fence: 9, expiresAt: at(9000) } });

    await world.mark();

    expect(world.row().refreshAt).toBe(at(8940));
  });

  it('waits for the token that its own row tells of, where that one ends later', async () => {
    const world = marking({ token: { expiresAt: at(3100) } });

    await world.mark();

    expect(world.row().refreshAt).toBe(at(3540));
  });

  it('waits for the recovery queue where its row tells of no token’s end', async () => {
    const world = marking({ token: false });
    world.connections.put(without(world.row(), 'accessTokenExpiresAt'));

    await world.mark();

    expect(world.row().refreshAt).toBe(at(3225));
  });

  it('waits for the recovery queue where no access token serves', async () => {
    const world = marking({ row: { accessTokenExpiresAt: at(2000) }, token: false });

    await world.mark();

    // 150 s, and half of as many by chance.
    expect(world.row().refreshAt).toBe(at(3225));
    expect(await world.refresh(demand)).toMatchObject({ outcome: 'failing', retryAt: at(3225) });
    expect(world.calls).toEqual([]);
  });

  it('takes the answer of a refresh after the backup from the recovery queue', async () => {
    const world = marking();
    const fence = world.clock.nowMs() - 60_000;
    await world.mark();

    await recoverAnswer(world.ports, {
      ...aKey(),
      fence,
      answer: aCommitted({ committedFence: fence }),
      token: aStoredToken({ fence }),
    });

    expect(world.row()).toMatchObject({ committedFence: fence, credentialFence: fence });
    // That answer, too, may not have been the last one.
    expect(world.row()).toHaveProperty('intent');
  });

  it('is tried at once while a grace that began no earlier than its last refresh lasts', async () => {
    const world = marking({ rotation: { grace_seconds: 4000 } });
    await world.mark();

    expect((await world.refresh(demand)).outcome).toBe('refreshed');
  });

  it('has no such grace when it was last refreshed longer ago', async () => {
    const world = marking({ rotation: { grace_seconds: 1000 } });
    await world.mark();

    expect((await world.refresh(demand)).outcome).toBe('failing');
    expect(world.calls).toEqual([]);
  });

  it('stays off the schedule where it was off', async () => {
    const world = marking();
    world.connections.put(without(world.row(), 'refreshAt'));

    expect(await world.mark()).toBe('marked');

    expect(world.row()).not.toHaveProperty('refreshAt');
    expect((await world.refresh(demand)).outcome).toBe('failing');
  });

  it('can be marked twice', async () => {
    const world = marking();
    await world.mark();
    const { intent } = world.row();

    expect(await world.mark()).toBe('marked');

    expect(world.row().intent).toEqual(intent);
  });
});

describe('left alone is', () => {
  it('a refresh token that the provider does not replace', async () => {
    const world = marking({ rotation: 'none' });

    expect(await world.mark()).toBe('not_rotating');

    expect(world.row()).not.toHaveProperty('intent');
  });

  it('a connection without a refresh token', async () => {
    const world = marking({ credential: passwordCredential });

    expect(await world.mark()).toBe('not_rotating');
  });

  it('one that waits for its owner', async () => {
    const world = marking({ row: { state: 'needs_reauth', reason: 'grant_dead' } });

    expect(await world.mark()).toBe('needs_reauth');
  });

  it('one that is not there', async () => {
    const world = marking();
    world.connections.put(aTombstone());

    expect(await world.mark()).toBe('gone');
  });

  it('one that is being refreshed', async () => {
    // Its lease ends where the clocks of two workers may just agree that it has.
    const world = marking({ row: { lease: { owner: 'somebody', until: at(2995) } } });

    expect(await world.mark()).toBe('busy');

    expect(world.row()).not.toHaveProperty('intent');
  });
});

it('assumes rotation where the registration cannot be read', async () => {
  const world = refreshWorld({ answers: [granted()] });

  expect(await markUncertain(world.ports, aKey(), undefined)).toBe('marked');
});

it('marks and reports a connection whose token tells that it was deleted since', async () => {
  const world = marking();
  await world.tokens.remove(aTombstone({ fence: 7 }), at(99_999));

  expect(await world.mark()).toBe('deleted_since');

  expect(world.row()).toHaveProperty('intent');
});

it('reports no deletion where the tombstone is older than the row', async () => {
  const world = marking();
  world.tokens.put(aTombstone({ fence: 1 }));

  expect(await world.mark()).toBe('marked');
});

it('looks for the newest token consistently', async () => {
  const world = marking();
  const reads: boolean[] = [];
  const read: typeof world.tokens.read = (key, consistent) => {
    reads.push(consistent);
    return world.tokens.read(key, consistent);
  };

  await markUncertain({ ...world.ports, tokens: { ...world.tokens, read } }, aKey(), undefined);

  expect(reads).toEqual([true]);
});

it('gives up a connection that changed five times in between', async () => {
  const world = marking();
  let writes = 0;
  const connections = {
    ...world.connections,
    markUncertain: async () => {
      writes += 1;
      return 'lost' as const;
    },
  };

  expect(await markUncertain({ ...world.ports, connections }, aKey(), undefined)).toBe('busy');
  expect(writes).toBe(5);
});

it('marks again a connection that changed in between', async () => {
  const world = marking();
  const { markUncertain: write } = world.connections;
  let others = 1;
  const connections = {
    ...world.connections,
    markUncertain: async (input: Parameters<typeof write>[0]) => {
      if (others > 0) world.connections.put({ ...world.row(), fence: 2 });
      others -= 1;
      return write(input);
    },
  };

  expect(await markUncertain({ ...world.ports, connections }, aKey(), undefined)).toBe('marked');
  expect(world.row().intent?.fence).toBe(world.row().fence);
});
