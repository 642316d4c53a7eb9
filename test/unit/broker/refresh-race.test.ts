import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RefreshReply } from '../../../lib/broker/ports.ts';
import { aKey, at } from '../../support/connections.ts';
import { interposed } from '../../support/interposed.ts';
import {
  type Answering,
  demand,
  due,
  granted,
  refreshWorld,
  refused,
  type WorldSetup,
} from '../../support/refresh-world.ts';

/**
 * Runs refreshes side by side: every call of a port begins, and ends, when the scheduler says so.
 * So each run is one interleaving of all their steps.
 */
async function race(
  scheduler: fc.Scheduler,
  causes: readonly (typeof due | typeof demand)[],
  setup: WorldSetup = {},
) {
  const world = refreshWorld(setup);
  const inTurn = async (_method: string, call: () => Promise<unknown>) => {
    await scheduler.schedule(Promise.resolve());
    const result = await call();
    await scheduler.schedule(Promise.resolve());
    return result;
  };
  const { ports } = world;
  const over = {
    connections: interposed(ports.connections, inTurn),
    tokens: interposed(ports.tokens, inTurn),
    clients: interposed(ports.clients, inTurn),
    clientStatus: interposed(ports.clientStatus, inTurn),
    sealer: interposed(ports.sealer, inTurn),
    requestToken: ((...asked) =>
      inTurn('requestToken', () => ports.requestToken(...asked))) as typeof ports.requestToken,
  };
  const replies = await scheduler.waitFor(
    Promise.all(causes.map((cause) => world.refresh(cause, over))),
  );
  return { world, replies: replies as readonly RefreshReply[] };
}

/** A provider that kills the whole grant when a spent refresh token comes back (RFC 9700 §4.14.2). */
function strictProvider(): Answering {
  let generation = 1;
  return (request) => {
    const sent = request.grantType === 'refresh_token' ? request.refreshToken.reveal() : '';
    if (sent !== `refresh-${generation}`) return refused;
    generation += 1;
    return granted(`refresh-${generation}`, { expiresAt: at(6600) });
  };
}

describe('refreshes of one connection at once', () => {
  it.each([
    ['both due', [due, due]],
    ['both on demand', [demand, demand]],
    ['one of each', [due, demand]],
    ['four', [due, demand, demand, due]],
  ])('%s, call the provider once, in whatever order their steps come', async (_name, causes) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, replies } = await race(scheduler, causes, { answers: strictProvider() });

        expect(world.calls).toHaveLength(1);
        expect(replies.filter(({ outcome }) => outcome === 'refreshed')).toHaveLength(1);
        for (const { outcome } of replies) {
          expect(['refreshed', 'fresh', 'in_progress']).toContain(outcome);
        }
        expect(world.row()).toMatchObject({ state: 'active', failures: 0 });
        expect(world.row()).not.toHaveProperty('lease');
        expect(world.row()).not.toHaveProperty('intent');
        expect(world.token().fence).toBe(world.row().committedFence);
        expect(await world.credential()).toContain('refresh-2');
      }),
      { numRuns: 150 },
    );
  });

  it('never overwrite a deletion', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = refreshWorld({ answers: strictProvider() });
        const inTurn = async (_method: string, call: () => Promise<unknown>) => {
          await scheduler.schedule(Promise.resolve());
          return call();
        };
        const connections = interposed(world.connections, inTurn);
        const tokens = interposed(world.tokens, inTurn);
        const remove = async (): Promise<void> => {
          for (;;) {
            const row = await connections.read(aKey());
            const fence = (row?.fence ?? 0) + 1;
            const tombstone = { ...aKey(), state: 'revoked', fence } as const;
            if ((await connections.remove(tombstone, fence - 1, at(9000))) === 'lost') continue;
            await tokens.remove(tombstone, at(9000));
            return;
          }
        };

        await scheduler.waitFor(
          Promise.all([world.refresh(due, { connections, tokens }), remove()]),
        );

        expect(world.connections.rows.get('acme/ann')).toMatchObject({ state: 'revoked' });
        expect(world.tokens.rows.get('acme/ann')).toMatchObject({ state: 'revoked' });
      }),
      { numRuns: 150 },
    );
  });
});
