import { describe, expect, it } from 'vitest';
import type { Connection, StoredToken } from '../../../lib/broker/ports.ts';
import type { RecoveryMessage } from '../../../lib/broker/queue-ports.ts';
import { recoverAnswer, recoverPatiently } from '../../../lib/broker/recover-answer.ts';
import {
  aCommitted,
  aConnection,
  aKey,
  aStoredToken,
  aTombstone,
  at,
} from '../../support/connections.ts';
import { memoryConnectionStore } from '../../support/memory-connection-store.ts';
import { memoryTokenStore } from '../../support/memory-token-store.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { storeDown } from '../../support/refresh-world.ts';

const message: RecoveryMessage = {
  ...aKey(),
  fence: 5,
  answer: aCommitted({ committedFence: 5 }),
  token: aStoredToken({ fence: 5, sealed: 'sealed-token-5', expiresAt: at(6600) }),
};
/** As the attempt of fence 5 left it: the answer is on its way round. */
const waiting: Partial<Connection> = {
  fence: 5,
  committedFence: 1,
  credentialFence: 1,
  intent: { fence: 5, at: at(3000), credentialFence: 1 },
};

function stores(row: Partial<Connection> = waiting, token: Partial<StoredToken> = {}) {
  const connections = memoryConnectionStore([aConnection(row)]);
  const tokens = memoryTokenStore(aStoredToken(token));
  return {
    connections,
    tokens,
    log: recordingLog(),
    both: () => [connections.rows.get('acme/ann'), tokens.rows.get('acme/ann')] as const,
  };
}

describe('an answer from the recovery queue', () => {
  it('is kept and published', async () => {
    const ports = stores();

    expect(await recoverAnswer(ports, message)).toBe('recovered');

    const [row, token] = ports.both();
    expect(row).toMatchObject({
      state: 'active',
      committedFence: 5,
      credentialFence: 5,
      sealedCredential: 'sealed-credential-5',
    });
    expect(row).not.toHaveProperty('intent');
    expect(token).toEqual(message.token);
  });

  it('changes nothing the second time', async () => {
    const ports = stores();
    await recoverAnswer(ports, message);
    const once = ports.both();

    expect(await recoverAnswer(ports, message)).toBe('already_kept');
    expect(ports.both()).toEqual(once);
  });

  it('is published the second time, where the first did not come so far', async () => {
    const ports = stores();
    const publish = async (): Promise<never> => {
      throw storeDown();
    };
    const broken = { ...ports, tokens: { ...ports.tokens, publish } };
    await expect(recoverAnswer(broken, message)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    await recoverAnswer(ports, message);

    expect(ports.both()[1]).toEqual(message.token);
  });

  it('brings back a connection that was given up because it was missing', async () => {
    const ports = stores(
      { ...waiting, state: 'needs_reauth', reason: 'answer_lost', needsReauthSince: at(3100) },
      { state: 'needs_reauth', reason: 'answer_lost', since: at(3100) },
    );

    await recoverAnswer(ports, message);

    const [row, token] = ports.both();
    expect(row).toMatchObject({ state: 'active', refreshAt: at(6000) });
    expect(token).toMatchObject({ state: 'active', fence: 5 });
    expect(token).not.toHaveProperty('reason');
  });

  it('does not bring back one that died of something else, and callers see that', async () => {
    const death = { state: 'needs_reauth', reason: 'grant_dead' } as const;
    const ports = stores({ ...waiting, ...death, needsReauthSince: at(3100) }, death);

    await recoverAnswer(ports, message);

    const [row, token] = ports.both();
    expect(row).toMatchObject(death);
    expect(row).not.toHaveProperty('refreshAt');
    expect(token).toMatchObject({ ...death, since: at(3100), fence: 5 });
  });

  it('is published as it was, where it is kept and a later attempt has failed since', async () => {
    const ports = stores({
      ...waiting,
      state: 'failing',
      failingSince: at(3200),
      committedFence: 5,
    });

    expect(await recoverAnswer(ports, message)).toBe('already_kept');

    expect(ports.both()[1]).toEqual(message.token);
  });

  it.each([
    ['a newer answer', { fence: 9, committedFence: 9, credentialFence: 9 }],
    ['a reconnect', { fence: 6, committedFence: 6, credentialFence: 6, accountId: 'other' }],
  ])('gives way to %s', async (_name, newer) => {
    const ports = stores(newer, { fence: newer.fence, sealed: 'newer' });
    const before = ports.both();

    expect(await recoverAnswer(ports, message)).toBe('superseded');
    expect(ports.both()).toEqual(before);
  });

  it('is not published before a newer one that is about to be', async () => {
    const ports = stores({ fence: 9, committedFence: 9, credentialFence: 9 });

    await recoverAnswer(ports, message);

    expect(ports.both()[1]).toMatchObject({ fence: 1 });
  });

  it('leaves a newer credential in force, and is recorded beside it', async () => {
    const ports = stores({ ...waiting, credentialFence: 7, sealedCredential: 'newer' });

    await recoverAnswer(ports, message);

    expect(ports.both()[0]).toMatchObject({ credentialFence: 7, sealedCredential: 'newer' });
  });

  it('leaves the lease and the intent of who is refreshing now', async () => {
    const lease = { owner: 'another', until: at(3060) };
    const intent = { fence: 8, at: at(3030), credentialFence: 1 };
    const ports = stores({ ...waiting, fence: 8, lease, intent });

    await recoverAnswer(ports, message);

    expect(ports.both()[0]).toMatchObject({ fence: 8, lease, intent, committedFence: 5 });
  });

  it('does not revive what was deleted, a week late or never known', async () => {
    const ports = stores();
    ports.connections.put(aTombstone({ fence: 6 }));
    ports.tokens.put(aTombstone({ fence: 6 }));
    const nothing = { ...ports, connections: memoryConnectionStore() };

    expect(await recoverAnswer(ports, message)).toBe('deleted');
    expect(await recoverAnswer(nothing, message)).toBe('deleted');
    expect(ports.both()).toEqual([aTombstone({ fence: 6 }), aTombstone({ fence: 6 })]);
  });

  it('is redelivered when the store is down', async () => {
    const ports = stores();
    const commitLate = async (): Promise<never> => {
      throw storeDown();
    };

    await expect(
      recoverAnswer({ ...ports, connections: { ...ports.connections, commitLate } }, message),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('an answer that the store does not take at first', () => {
  /** The store comes back after so long. */
  const triedFor = async (awayMs: number, method: 'publish' | 'commitLate') => {
    const clock = movingClock();
    const ports = { ...stores(), clock };
    const failWhileAway = async () => {
      if (clock.monotonicMs() < awayMs) throw storeDown();
    };
    const publish: typeof ports.tokens.publish = async (...written) => {
      if (method === 'publish') await failWhileAway();
      return ports.tokens.publish(...written);
    };
    const commitLate: typeof ports.connections.commitLate = async (...written) => {
      if (method === 'commitLate') await failWhileAway();
      return ports.connections.commitLate(...written);
    };
    const tokens = { ...ports.tokens, publish };
    const connections = { ...ports.connections, commitLate };
    const ending = recoverPatiently({ ...ports, tokens, connections }, message, 9000);
    return { ending: await ending.catch((error) => error.code), ports };
  };

  it.each(['publish', 'commitLate'] as const)(
    'is tried until four seconds before the end: %s',
    async (method) => {
      const { ending, ports } = await triedFor(5000, method);

      expect(ending).toBe(method === 'publish' ? 'already_kept' : 'recovered');
      expect(ports.both()[1]).toEqual(message.token);
    },
  );

  it('is left to its next delivery after that', async () => {
    expect((await triedFor(5001, 'commitLate')).ending).toBe('STORE_UNAVAILABLE');
  });
});
