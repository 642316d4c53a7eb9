/**
 * Seals everything again that is not sealed with the current keys, while all functions go on.
 *
 * ```text
 *   targets = the current key of each ring
 *   for each client, for each page of its connections (an index; no scan)
 *     reseal each connection; note how far we are
 *     a ring was rotated meanwhile? begin again, with the new key
 *   nothing left, and nothing can have been sealed with an older key since? note those keys unused
 * ```
 *
 * @module
 */
import { type ClientName, type ConnectionKey, keyText } from '../names.ts';
import { type EpochSeconds, later, seconds } from '../time.ts';
import {
  type ConnectionDirectory,
  type CountSealedMessages,
  type KeyRecordStore,
  type KeyRingName,
  type KeyRingStore,
  keyRingNames,
  type ResealProgress,
  type ResealProgressStore,
  type StoredKeyRing,
} from './key-ports.ts';
import { type ResealConnectionPorts, resealConnection } from './reseal-connection.ts';

export interface ResealPorts extends ResealConnectionPorts {
  readonly rings: Pick<KeyRingStore, 'read'>;
  readonly records: KeyRecordStore;
  readonly directory: ConnectionDirectory;
  readonly progress: ResealProgressStore;
  readonly countSealedMessages: CountSealedMessages;
}

export interface ResealRequest {
  /** Clients to look at beside those that are found: one whose registration is gone, say. */
  readonly clients: readonly ClientName[];
  /** Begin at the first connection even if an earlier sweep was stopped on its way. */
  readonly anew: boolean;
  /** Asked between connections; the ones at hand are finished. */
  readonly isStopped: () => boolean;
  readonly onProgress: (progress: ResealProgress) => void;
}

/** Why the keys that are not current are not known to be unused. */
export type MissingProof =
  /** The sweep began before every function had read the ring: one from then on may prove it. */
  | { readonly missing: 'time'; readonly from: EpochSeconds }
  /** Messages may carry what was sealed before. */
  | { readonly missing: 'messages'; readonly waiting: number }
  /** Values that do not open; the log has named them. */
  | { readonly missing: 'values'; readonly unopened: number };

export type ResealEnding =
  | { readonly outcome: 'stopped'; readonly progress: ResealProgress }
  | {
      readonly outcome: 'finished';
      readonly progress: ResealProgress;
      /** None: nothing but the current keys is used any more. */
      readonly missing: readonly MissingProof[];
    };

type Rings = Readonly<Record<KeyRingName, StoredKeyRing>>;

/** How many connections are looked at side by side. */
const width = 16;

/**
 * From then on nothing is sealed with a key that was current before: a ring is remembered for 5
 * minutes, a grant is pending for 10, an invocation lasts 1; the rest is for clocks.
 */
const settleSeconds = seconds(20 * 60);

/**
 * Sweeps over all connections and seals again what is not sealed with the current keys.
 *
 * It may be stopped, or crash, at any point and be run again: it goes on after the page that was
 * finished last. Two at once do no harm.
 *
 * @throws {Fault} `STORE_UNAVAILABLE`, `KEY_RING_INVALID`: run it again.
 */
export async function resealAll(given: ResealPorts, request: ResealRequest): Promise<ResealEnding> {
  const ports = { ...given, records: notingOnce(given.records) };
  const found = await ports.directory.listClients();
  const clients = [...new Set([...found, ...request.clients])].toSorted();
  let rings = await readRings(ports);
  let progress = await beginProgress(ports, rings, request.anew);
  for (;;) {
    const swept = await sweep(ports, request, { clients, progress });
    if (swept.ending === 'stopped') return { outcome: 'stopped', progress: swept.progress };
    rings = await readRings(ports);
    if (swept.ending === 'done' && isFor(swept.progress, rings)) {
      return finish(ports, rings, swept.progress);
    }
    progress = newProgress(ports, rings);
  }
}

/** Of a million values that one key has sealed, the first says all there is to say of the key. */
function notingOnce(records: KeyRecordStore): KeyRecordStore {
  const noted = new Map<string, Promise<void>>();
  return {
    ...records,
    noteUsed: (ring, keyId) => {
      const name = `${ring} ${keyId}`;
      const noting = noted.get(name) ?? records.noteUsed(ring, keyId);
      noted.set(name, noting);
      return noting;
    },
  };
}

async function readRings({ rings }: ResealPorts): Promise<Rings> {
  const [accessToken, renewal] = await Promise.all([
    rings.read('access-token'),
    rings.read('renewal'),
  ]);
  return { 'access-token': accessToken, renewal };
}

const isFor = ({ targets }: ResealProgress, rings: Rings) =>
  keyRingNames.every((ring) => targets[ring] === rings[ring].currentKeyId);

async function beginProgress(
  ports: ResealPorts,
  rings: Rings,
  anew: boolean,
): Promise<ResealProgress> {
  const earlier = anew ? undefined : await ports.progress.read();
  const goesOn = earlier && earlier.finishedAt === undefined && isFor(earlier, rings);
  return goesOn ? earlier : newProgress(ports, rings);
}

function newProgress({ clock }: ResealPorts, rings: Rings): ResealProgress {
  const targets = {
    'access-token': rings['access-token'].currentKeyId,
    renewal: rings.renewal.currentKeyId,
  };
  return { startedAt: clock.now(), targets, seen: 0, resealed: 0, unopened: 0 };
}

interface Sweep {
  readonly clients: readonly ClientName[];
  readonly progress: ResealProgress;
}

async function sweep(
  ports: ResealPorts,
  request: ResealRequest,
  { clients, progress: begun }: Sweep,
): Promise<{ readonly ending: 'done' | 'stopped' | 'rotated'; readonly progress: ResealProgress }> {
  let progress = begun;
  for await (const keys of pages(ports, clients, begun.after)) {
    for (let start = 0; start < keys.length; start += width) {
      if (request.isStopped()) return { ending: 'stopped', progress };
      progress = await resealSome(ports, keys.slice(start, start + width), progress);
      await ports.progress.write(progress);
      request.onProgress(progress);
    }
    if (!isFor(progress, await readRings(ports))) return { ending: 'rotated', progress };
  }
  return request.isStopped() ? { ending: 'stopped', progress } : { ending: 'done', progress };
}

/** The connections after `after`, client by client in the order of their names. */
async function* pages(
  { directory }: ResealPorts,
  clients: readonly ClientName[],
  after: ConnectionKey | undefined,
): AsyncGenerator<readonly ConnectionKey[]> {
  for (const client of clients) {
    if (after && client < after.client) continue;
    let last = after?.client === client ? after : undefined;
    do {
      const page = await directory.listKeys({ client, ...(last && { after: last }) });
      yield page.keys;
      last = page.after;
    } while (last);
  }
}

async function resealSome(
  ports: ResealPorts,
  keys: readonly ConnectionKey[],
  progress: ResealProgress,
): Promise<ResealProgress> {
  const tallies = await Promise.all(
    keys.map((key) => resealConnection(ports, key, progress.targets)),
  );
  const after = keys.at(-1);
  return {
    ...progress,
    ...(after && { after: { client: after.client, connection: after.connection } }),
    seen: progress.seen + keys.length,
    resealed: progress.resealed + sum(tallies.map(({ resealed }) => resealed)),
    unopened: progress.unopened + sum(tallies.map(({ unopened }) => unopened)),
  };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

/** Says that it is done, and notes the older keys unused if that is proven. */
async function finish(
  ports: ResealPorts,
  rings: Rings,
  swept: ResealProgress,
): Promise<ResealEnding> {
  const { records, clock, log } = ports;
  const progress = { ...swept, finishedAt: clock.now() };
  const missing = [...(await listMissing(ports, rings, progress))];
  if (missing.length === 0) {
    for (const ring of keyRingNames) {
      const { keyIds, currentKeyId } = rings[ring];
      for (const keyId of keyIds.filter((each) => each !== currentKeyId)) {
        await records.noteUnused(ring, keyId, progress.finishedAt);
      }
    }
  }
  await ports.progress.write(progress);
  const { seen, resealed, unopened, after } = progress;
  log.info('resealed', { seen, resealed, unopened, ...(after && { last: keyText(after) }) });
  return { outcome: 'finished', progress, missing };
}

async function listMissing(
  { countSealedMessages }: ResealPorts,
  rings: Rings,
  { startedAt, unopened }: ResealProgress,
): Promise<readonly MissingProof[]> {
  const missing: MissingProof[] = [];
  const older = keyRingNames.map((ring) => rings[ring]).filter(({ keyIds }) => keyIds.length > 1);
  const [from] = older
    .map(({ changedAt }) => later(changedAt, settleSeconds))
    .toSorted((one, other) => other - one);
  if (from !== undefined && startedAt < from) missing.push({ missing: 'time', from });
  const waiting = older.length === 0 ? 0 : await countSealedMessages();
  if (waiting > 0) missing.push({ missing: 'messages', waiting });
  if (unopened > 0) missing.push({ missing: 'values', unopened });
  return missing;
}
