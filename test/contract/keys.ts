import { describe, expect, it } from 'vitest';
import type {
  ConnectionDirectory,
  CountSealedMessages,
  KeyRecordStore,
  KeyRingStore,
  ResealProgressStore,
  SealedValueStore,
} from '../../lib/broker/key-ports.ts';
import type { ConnectionStore, TokenStore } from '../../lib/broker/ports.ts';
import { type ClientName, type ConnectionKey, keyText } from '../../lib/names.ts';
import { Secret } from '../../lib/secret.ts';
import {
  aConnection,
  aKey,
  aNewConnection,
  aStoredToken,
  aTombstone,
  at,
} from '../support/connections.ts';

const key = (keyId: string) => ({
  keyId,
  characters: new Secret('key', `${keyId}.`.padEnd(64, 'x')),
});

/** A store of rings that have one key each, and the text of a ring's secret as it is now. */
interface Rings {
  readonly store: KeyRingStore;
  readonly currentText: () => Promise<string>;
}

/** The promises of `KeyRingStore`, for any implementation of it to be held to. */
export function keyRingStoreContract(name: string, freshRings: () => Promise<Rings>): void {
  describe(`KeyRingStore: ${name}`, () => {
    it('tells the keys of a ring, which one is current, and when it was made and changed', async () => {
      const { store } = await freshRings();

      const ring = await store.read('renewal');

      expect(ring).toMatchObject({ ring: 'renewal', currentKeyId: 'k1', keyIds: ['k1'] });
      expect(ring.createdAt).toBeGreaterThan(1_000_000_000);
      expect(ring.writtenAt).toBeGreaterThanOrEqual(ring.createdAt);
      expect(ring.changedAt).toBeGreaterThanOrEqual(ring.writtenAt);
    });

    it('adds a key, makes it current, and keeps the others as they are', async () => {
      const { store, currentText } = await freshRings();
      const before: Record<string, string> = JSON.parse(await currentText());

      const ending = await store.addKey(await store.read('renewal'), key('k2'));

      const characters = key('k2').characters.reveal();
      expect(ending).toBe('done');
      expect(JSON.parse(await currentText())).toEqual({
        ...before,
        current: 'k2',
        k2: characters,
      });
      expect(await store.read('renewal')).toMatchObject({
        currentKeyId: 'k2',
        keyIds: ['k1', 'k2'],
      });
      expect((await store.read('access-token')).keyIds).toEqual(['k1']);
    });

    it('changes nothing for whoever saw the ring before it was changed', async () => {
      const { store, currentText } = await freshRings();
      const seen = await store.read('renewal');
      await store.addKey(seen, key('k2'));
      const text = await currentText();

      expect(await store.addKey(seen, key('k3'))).toBe('lost');
      expect(await store.addKey(seen, key('k2'))).toBe('lost');
      expect(await currentText()).toBe(text);
    });

    it('loses no key however many operators add one at once: one does, the others are told', async () => {
      const { store } = await freshRings();
      const added: string[] = [];

      for (let round = 0; round < 4; round += 1) {
        const seen = await store.read('renewal');
        const keyIds = [0, 1, 2, 3].map((operator) => `r${round}-${operator}`);
        const endings = await Promise.all(keyIds.map((each) => store.addKey(seen, key(each))));
        expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
        added.push(keyIds[endings.indexOf('done')] ?? '');
      }

      const { keyIds, currentKeyId } = await store.read('renewal');
      expect(keyIds).toEqual(['k1', ...added]);
      expect(currentKeyId).toBe(added.at(-1));
    });

    it('takes a key out, and keeps the others', async () => {
      const { store, currentText } = await freshRings();
      await store.addKey(await store.read('renewal'), key('k2'));

      const ending = await store.removeKey(await store.read('renewal'), 'k1');

      expect(ending).toBe('done');
      expect(JSON.parse(await currentText())).toEqual({
        current: 'k2',
        k2: key('k2').characters.reveal(),
      });
    });

    it('takes no key out for whoever saw the ring before it was changed', async () => {
      const { store } = await freshRings();
      await store.addKey(await store.read('renewal'), key('k2'));
      const seen = await store.read('renewal');
      await store.addKey(seen, key('k3'));

      expect(await store.removeKey(seen, 'k1')).toBe('lost');
      expect((await store.read('renewal')).keyIds).toEqual(['k1', 'k2', 'k3']);
    });

    it('refuses to take out the current key, one that is not there, and to add one twice', async () => {
      const { store } = await freshRings();
      const seen = await store.read('renewal');
      const refused = { code: 'KEY_RING_INVALID' };

      await expect(store.removeKey(seen, 'k1')).rejects.toMatchObject(refused);
      await expect(store.removeKey(seen, 'k7')).rejects.toMatchObject(refused);
      await expect(store.addKey(seen, key('k1'))).rejects.toMatchObject(refused);
      expect((await store.read('renewal')).version).toBe(seen.version);
    });

    it('refuses characters that are no key', async () => {
      const { store } = await freshRings();
      const seen = await store.read('renewal');

      const adding = store.addKey(seen, { keyId: 'k2', characters: new Secret('key', 'short') });

      await expect(adding).rejects.toMatchObject({ code: 'KEY_RING_INVALID' });
    });
  });
}

/** The promises of `KeyRecordStore`. */
export function keyRecordStoreContract(name: string, empty: () => Promise<KeyRecordStore>): void {
  describe(`KeyRecordStore: ${name}`, () => {
    it('knows nothing of a key that nothing was noted of', async () => {
      expect(await (await empty()).read('renewal', 'k1')).toEqual({});
    });

    it('keeps what was noted of each key of each ring', async () => {
      const records = await empty();
      await records.noteCreated('renewal', 'k2', at(1));
      await records.noteUnused('renewal', 'k2', at(2));

      expect(await records.read('renewal', 'k2')).toEqual({ createdAt: at(1), unusedSince: at(2) });
      expect(await records.read('access-token', 'k2')).toEqual({});
      expect(await records.read('renewal', 'k1')).toEqual({});
    });

    it('keeps the first moment from which a key was unused, until it was found in use', async () => {
      const records = await empty();
      await records.noteUnused('renewal', 'k1', at(2));
      await records.noteUnused('renewal', 'k1', at(9));
      expect(await records.read('renewal', 'k1')).toEqual({ unusedSince: at(2) });

      await records.noteUsed('renewal', 'k1');
      expect(await records.read('renewal', 'k1')).toEqual({});

      await records.noteUnused('renewal', 'k1', at(9));
      expect(await records.read('renewal', 'k1')).toEqual({ unusedSince: at(9) });
    });

    it('forgets with a new key what it knew of an earlier one of that id', async () => {
      const records = await empty();
      await records.noteUnused('renewal', 'k2', at(1));

      await records.noteCreated('renewal', 'k2', at(5));

      expect(await records.read('renewal', 'k2')).toEqual({ createdAt: at(5) });
    });
  });
}

/** The promises of `ResealProgressStore`. */
export function resealProgressContract(
  name: string,
  empty: () => Promise<ResealProgressStore>,
): void {
  describe(`ResealProgressStore: ${name}`, () => {
    it('has none before the first sweep', async () => {
      expect(await (await empty()).read()).toBeUndefined();
    });

    it('keeps what was written last, whole', async () => {
      const store = await empty();
      const begun = {
        startedAt: at(1),
        targets: { 'access-token': 'k1', renewal: 'k2' },
        seen: 0,
        resealed: 0,
        unopened: 0,
      };
      await store.write({ ...begun, after: aKey(), seen: 7, resealed: 3, unopened: 1 });
      await store.write(begun);
      expect(await store.read()).toEqual(begun);

      const ended = { ...begun, after: aKey('zoe'), seen: 9, finishedAt: at(5) };
      await store.write(ended);
      expect(await store.read()).toEqual(ended);
    });
  });
}

interface Values {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly values: SealedValueStore;
}

/** The promises of `SealedValueStore`. */
export function sealedValueStoreContract(name: string, empty: () => Promise<Values>): void {
  const inPlace = { fence: 1, sealed: 'sealed-credential-1', next: 'anew' };
  const token = { fence: 1, sealed: 'sealed-token-1', next: 'anew' };

  async function filled(): Promise<Values> {
    const stores = await empty();
    await stores.connections.connect(aNewConnection(), undefined);
    await stores.tokens.publish(aStoredToken());
    return stores;
  }

  describe(`SealedValueStore: ${name}`, () => {
    it('replaces a credential, and nothing else of its row', async () => {
      const { connections, values } = await filled();

      expect(await values.replaceCredential(aKey(), inPlace)).toBe('done');

      expect(await connections.read(aKey())).toEqual(aConnection({ sealedCredential: 'anew' }));
    });

    it('replaces a token, and nothing else of its row', async () => {
      const { tokens, values } = await filled();

      expect(await values.replaceToken(aKey(), token)).toBe('done');

      expect(await tokens.read(aKey(), true)).toEqual(aStoredToken({ sealed: 'anew' }));
    });

    it('replaces nothing that is not as it was seen', async () => {
      const { connections, tokens, values } = await filled();

      for (const change of [{ fence: 2 }, { sealed: 'another' }]) {
        expect(await values.replaceCredential(aKey(), { ...inPlace, ...change })).toBe('lost');
        expect(await values.replaceToken(aKey(), { ...token, ...change })).toBe('lost');
      }

      expect(await connections.read(aKey())).toEqual(aConnection());
      expect(await tokens.read(aKey(), true)).toEqual(aStoredToken());
    });

    it('makes nothing of what is not there, or was deleted', async () => {
      const { connections, tokens, values } = await filled();
      await connections.remove(aTombstone(), 1, at(9000));
      await tokens.remove(aTombstone(), at(9000));

      for (const gone of [aKey(), aKey('nobody')]) {
        expect(await values.replaceCredential(gone, inPlace)).toBe('lost');
        expect(await values.replaceToken(gone, token)).toBe('lost');
      }

      expect(await connections.read(aKey())).toEqual(aTombstone());
      expect(await tokens.read(aKey(), true)).toEqual(aTombstone());
      expect(await connections.read(aKey('nobody'))).toBeUndefined();
    });

    it('lets one of many at once replace a value', async () => {
      const { values } = await filled();

      const endings = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          values.replaceCredential(aKey(), { ...inPlace, next: `anew-${index}` }),
        ),
      );

      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
    });
  });
}

interface Directory {
  readonly connections: ConnectionStore;
  readonly directory: ConnectionDirectory;
}

/** The promises of `ConnectionDirectory`. */
export function connectionDirectoryContract(
  name: string,
  emptyDirectory: (registered: readonly ClientName[]) => Promise<Directory>,
): void {
  describe(`ConnectionDirectory: ${name}`, () => {
    it('lists the clients that are registered, and those that have a connection due some day', async () => {
      const registered = ['beta', 'acme'].map((client) => aKey('x', client).client);
      const { connections, directory } = await emptyDirectory(registered);
      await connections.connect(aNewConnection({ ...aKey('ann', 'gone') }), undefined);
      await connections.connect(aNewConnection({ ...aKey('bob', 'gone') }), undefined);
      await connections.connect(aNewConnection(), undefined);

      expect(await directory.listClients()).toEqual(['acme', 'beta', 'gone']);
    });

    it('lists every connection of one client, once and in order, over as many pages as it takes', async () => {
      const { connections, directory } = await emptyDirectory([]);
      const ids = Array.from({ length: 210 }, (_, index) => `c${String(index).padStart(4, '0')}`);
      await Promise.all(
        ids.map((id) => connections.connect(aNewConnection({ ...aKey(id) }), undefined)),
      );
      await connections.connect(aNewConnection({ ...aKey('c0001', 'other') }), undefined);

      const found: string[] = [];
      let after: ConnectionKey | undefined;
      let pages = 0;
      do {
        const page = await directory.listKeys({ client: aKey().client, ...(after && { after }) });
        found.push(...page.keys.map(keyText));
        after = page.after;
        pages += 1;
      } while (after);

      expect(found).toEqual(ids.map((id) => `acme/${id}`));
      expect(pages).toBeGreaterThan(1);
    });

    it('lists nothing of a client that has nothing, and no connection that was deleted', async () => {
      const { connections, directory } = await emptyDirectory([]);
      await connections.connect(aNewConnection(), undefined);
      await connections.remove(aTombstone(), 1, at(9000));

      expect(await directory.listKeys({ client: aKey().client })).toEqual({ keys: [] });
    });
  });
}

interface Messages {
  readonly count: CountSealedMessages;
  readonly send: (queue: 'recovery' | 'recovery-dead' | 'revoke' | 'revoke-dead') => Promise<void>;
  /** Has a function take one message of this queue, and not finish it. */
  readonly take: (queue: 'recovery' | 'revoke') => Promise<void>;
}

/** The promises of `CountSealedMessages`. */
export function sealedMessagesContract(name: string, emptyQueues: () => Promise<Messages>): void {
  describe(`CountSealedMessages: ${name}`, () => {
    it('counts none in empty queues', async () => {
      expect(await (await emptyQueues()).count()).toBe(0);
    });

    it('counts what waits in every queue, and what was taken and not finished', async () => {
      const { count, send, take } = await emptyQueues();
      for (const queue of ['recovery', 'recovery-dead', 'revoke', 'revoke-dead'] as const) {
        await send(queue);
      }
      expect(await count()).toBe(4);

      await take('revoke');

      expect(await count()).toBe(4);
    });
  });
}
