import { describe, expect, it } from 'vitest';
import type { TokenStore } from '../../lib/broker/ports.ts';
import { aKey, aStoredToken, aTombstone, at } from '../support/connections.ts';
import { without } from '../support/without.ts';

/** The promises of `TokenStore`, for any implementation of it to be held to. */
export function tokenStoreContract(name: string, emptyStore: () => Promise<TokenStore>): void {
  const published = async (fence = 1) => {
    const store = await emptyStore();
    await store.publish(aStoredToken({ fence }));
    return store;
  };

  describe(`TokenStore, publishing: ${name}`, () => {
    it('reads nothing where nothing was written', async () => {
      const store = await emptyStore();

      expect(await store.read(aKey(), false)).toBeUndefined();
      expect(await store.read(aKey(), true)).toBeUndefined();
    });

    it('reads back every member as it was written', async () => {
      const store = await emptyStore();
      const token = aStoredToken({
        state: 'failing',
        reason: 'answer_lost',
        since: at(1),
        warning: { code: 'refresh_failing', since: at(2) },
        retryAt: at(3),
        present: { in: 'query', name: 'api_key', scheme: '' },
        apiBaseUrl: 'https://api.example.com/v1',
        values: { realm: 'r1' },
        refreshTokenExpiresAt: at(9000),
      });

      expect(await store.publish(token)).toBe('done');

      expect(await store.read(aKey(), true)).toEqual(token);
    });

    it('reads back a token that has nothing but what it must have', async () => {
      const store = await emptyStore();
      const bare = without(aStoredToken(), 'sealed', 'expiresAt', 'scope');

      await store.publish(bare);

      expect(await store.read(aKey(), true)).toEqual(bare);
    });

    it.each([
      ['lower', 1, 'lost'],
      ['equal', 2, 'lost'],
      ['higher', 3, 'done'],
    ])('answers a token of %s fence', async (_, fence, ending) => {
      const store = await published(2);

      expect(await store.publish(aStoredToken({ fence, sealed: 'other' }))).toBe(ending);
    });

    it('ends with the highest fence, in whatever order tokens come', async () => {
      const store = await emptyStore();
      const fences = Array.from({ length: 50 }, (_, index) => ((index * 17) % 50) + 1);

      await Promise.all(fences.map((fence) => store.publish(aStoredToken({ fence }))));

      expect(await store.read(aKey(), true)).toMatchObject({ fence: 50 });
    });

    it('removes warning, status and claim of the token before', async () => {
      const store = await published();
      await store.note(aKey(), 1, {
        state: 'failing',
        since: at(1),
        warning: { code: 'refresh_failing', since: at(1) },
        retryAt: at(60),
      });
      await store.claim(aKey(), 1, { by: 'me', until: at(30), now: at(0) });
      const next = aStoredToken({ fence: 2 });

      await store.publish(next);

      expect(await store.read(aKey(), true)).toEqual(next);
    });

    it('publishes no claim', async () => {
      const store = await emptyStore();

      await store.publish(aStoredToken({ refreshClaimedUntil: at(30), refreshClaimedBy: 'me' }));

      expect(await store.read(aKey(), true)).toEqual(aStoredToken());
    });
  });

  describe(`TokenStore, noting how a connection fares: ${name}`, () => {
    it('replaces the status and leaves the token', async () => {
      const store = await published(2);
      const failing = { state: 'failing', since: at(1), retryAt: at(60) } as const;
      await store.note(aKey(), 2, {
        ...failing,
        warning: { code: 'outcome_unknown', since: at(1) },
      });

      expect(await store.note(aKey(), 5, { ...failing, reason: 'grant_dead' })).toBe('done');

      expect(await store.read(aKey(), true)).toEqual(
        aStoredToken({ fence: 2, ...failing, reason: 'grant_dead' }),
      );
    });

    it('is lost to a token of a higher fence, and where there is none', async () => {
      const store = await published(2);

      expect(await store.note(aKey(), 1, { state: 'failing' })).toBe('lost');
      expect(await store.note(aKey('bob'), 9, { state: 'failing' })).toBe('lost');

      expect(await store.read(aKey(), true)).toEqual(aStoredToken({ fence: 2 }));
      expect(await store.read(aKey('bob'), true)).toBeUndefined();
    });
  });

  describe(`TokenStore, claiming the refresh: ${name}`, () => {
    it('lets one of a hundred claim it', async () => {
      const store = await published();

      const endings = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          store.claim(aKey(), 1, { by: `caller-${index}`, until: at(30), now: at(0) }),
        ),
      );

      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
      expect(await store.read(aKey(), true)).toEqual(
        aStoredToken({
          refreshClaimedUntil: at(30),
          refreshClaimedBy: `caller-${endings.indexOf('done')}`,
        }),
      );
    });

    it('knows the one who has it, whose first answer was lost', async () => {
      const store = await published();
      await store.claim(aKey(), 1, { by: 'me', until: at(30), now: at(0) });

      expect(await store.claim(aKey(), 1, { by: 'me', until: at(30), now: at(0) })).toBe('done');
      expect(await store.claim(aKey(), 1, { by: 'you', until: at(30), now: at(0) })).toBe('lost');
    });

    it.each([
      ['before the end of a claim', at(29), 'lost'],
      ['exactly at its end', at(30), 'done'],
    ])('answers a second claim %s', async (_, now, ending) => {
      const store = await published();
      await store.claim(aKey(), 1, { by: 'me', until: at(30), now: at(0) });

      expect(await store.claim(aKey(), 1, { by: 'you', until: at(90), now })).toBe(ending);
    });

    it('is lost when the token is another, or there is none', async () => {
      const store = await published(2);

      expect(await store.claim(aKey(), 1, { by: 'me', until: at(30), now: at(0) })).toBe('lost');
      expect(await store.claim(aKey(), 3, { by: 'me', until: at(30), now: at(0) })).toBe('lost');
      expect(await store.claim(aKey('bob'), 1, { by: 'me', until: at(30), now: at(0) })).toBe(
        'lost',
      );
    });
  });

  describe(`TokenStore, deleting: ${name}`, () => {
    it('leaves nothing but address and fence', async () => {
      const store = await published();

      expect(await store.remove(aTombstone({ fence: 2 }), at(600))).toBe('done');

      expect(await store.read(aKey(), true)).toEqual(aTombstone({ fence: 2 }));
      expect(await store.read(aKey(), false)).toEqual(aTombstone({ fence: 2 }));
    });

    it('leaves a tombstone where no token was published yet', async () => {
      const store = await emptyStore();
      await store.remove(aTombstone({ fence: 2 }), at(600));

      expect(await store.publish(aStoredToken({ fence: 1 }))).toBe('lost');

      expect(await store.read(aKey(), true)).toEqual(aTombstone({ fence: 2 }));
    });

    it('lets nothing older through a tombstone', async () => {
      const store = await published();
      await store.remove(aTombstone({ fence: 3 }), at(600));

      const endings = [
        await store.publish(aStoredToken({ fence: 2 })),
        await store.publish(aStoredToken({ fence: 3 })),
        await store.note(aKey(), 9, { state: 'active' }),
        await store.claim(aKey(), 3, { by: 'me', until: at(30), now: at(0) }),
        await store.remove(aTombstone({ fence: 3 }), at(900)),
      ];

      expect(endings).toEqual(Array.from(endings, () => 'lost'));
      expect(await store.read(aKey(), true)).toEqual(aTombstone({ fence: 3 }));
    });

    it('does not delete the token of a reconnect', async () => {
      const store = await published(5);

      expect(await store.remove(aTombstone({ fence: 4 }), at(600))).toBe('lost');

      expect(await store.read(aKey(), true)).toEqual(aStoredToken({ fence: 5 }));
    });

    it('publishes the token of a reconnect over a tombstone', async () => {
      const store = await published();
      await store.remove(aTombstone({ fence: 2 }), at(600));

      expect(await store.publish(aStoredToken({ fence: 3 }))).toBe('done');

      expect(await store.read(aKey(), true)).toEqual(aStoredToken({ fence: 3 }));
    });
  });
}
