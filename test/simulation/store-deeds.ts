import { isLive } from '../../lib/broker/establish-connection.ts';
import type {
  Connection,
  ConnectionKey,
  ConnectionStore,
  TokenStatus,
  TokenStore,
  Tombstone,
} from '../../lib/broker/ports.ts';
import { type EpochSeconds, later, seconds } from '../../lib/time.ts';
import {
  aCommitted,
  aNewConnection,
  aStoredToken,
  aTombstone,
  at,
} from '../support/connections.ts';
import { without } from '../support/without.ts';
import type { Random } from './random.ts';

/** One call of a store, to be made of any implementation of it. */
export interface StoreDeed<Store> {
  readonly name: string;
  readonly run: (store: Store) => Promise<unknown>;
}

/** What a deed may be about: a row as the model has it, and a moment. */
interface Scene<Row> {
  readonly random: Random;
  readonly key: ConnectionKey;
  readonly row: Row | undefined;
  readonly now: EpochSeconds;
}

type RowDeed = StoreDeed<ConnectionStore>;

/** A call that often fits the row as it is, and often misses it by one. */
export function connectionDeed(scene: Scene<Connection | Tombstone>): RowDeed {
  const { random, row } = scene;
  const near = (fence: number | undefined) => Math.max(1, (fence ?? 1) + nudge(random));
  const live = isLive(row) ? row : undefined;
  const seen = {
    fence: near(row?.fence),
    committedFence: near(live?.committedFence),
    credentialFence: near(live?.credentialFence),
  };
  const attempt = acquisition(scene, live && random.chance(0.5) ? live : seen);
  const acquire: RowDeed = { name: 'acquire', run: (store) => store.acquire(attempt) };
  return random.pick<RowDeed>([
    acquire,
    acquire,
    ...endings(scene, seen),
    lateAnswer(scene, live?.intent && random.chance(0.7) ? live.intent.fence : seen.fence),
    ...lives(scene, seen),
  ]);
}

interface SeenFences {
  readonly fence: number;
  readonly committedFence: number;
  readonly credentialFence: number;
}

/** How an attempt may end. */
function endings(
  { random, key, now }: Scene<unknown>,
  { fence, ...seen }: SeenFences,
): readonly RowDeed[] {
  const answer = aCommitted({ committedFence: fence, lastRefreshedAt: now, refreshAt: at(fence) });
  const brought = random.chance(0.3) ? without(answer, 'credential') : answer;
  const failure = {
    failingSince: now,
    failures: random.between(1, 5),
    intentSettled: random.chance(0.5),
  };
  const refreshAt = later(now, seconds(60));
  return [
    { name: 'release', run: (store) => store.release(key, fence) },
    { name: 'commit', run: (store) => store.commit(key, fence, brought) },
    { name: 'fail', run: (store) => store.fail(key, fence, { ...failure, refreshAt }) },
    { name: 'fail', run: (store) => store.fail(key, fence, failure) },
    { name: 'defer', run: (store) => store.defer(key, { ...seen, fence }, refreshAt) },
  ];
}

/** The answer of the attempt that is in doubt, or of another. */
function lateAnswer({ random, key, now }: Scene<unknown>, fence: number): RowDeed {
  const answer = aCommitted({ committedFence: fence, lastRefreshedAt: now, refreshAt: at(fence) });
  const brought = random.chance(0.5) ? without(answer, 'credential') : answer;
  return { name: 'commitLate', run: (store) => store.commitLate(key, fence, brought) };
}

/** What else may become of a connection. */
function lives({ random, key, now }: Scene<unknown>, seen: SeenFences): readonly RowDeed[] {
  const { fence } = seen;
  const seenFence = random.chance(0.2) ? undefined : fence;
  const next = aNewConnection({ ...key, fence: Math.max(1, fence + 1 + nudge(random)) });
  const tombstone = aTombstone({ ...key, fence: next.fence });
  const schedule = { expirySource: 'introspection', refreshAt: later(now, seconds(90)) } as const;
  const death = { reason: random.pick(['grant_dead', 'answer_lost'] as const), since: now };
  return [
    { name: 'markDead', run: (store) => store.markDead(key, seen, death) },
    { name: 'reschedule', run: (store) => store.reschedule(key, fence, schedule) },
    { name: 'connect', run: (store) => store.connect(next, seenFence) },
    { name: 'remove', run: (store) => store.remove(tombstone, fence, at(9000)) },
  ];
}

function acquisition(
  { random, key, row, now }: Scene<Connection | Tombstone>,
  seen: { readonly fence: number; readonly committedFence: number },
): Parameters<ConnectionStore['acquire']>[0] {
  const { fence, committedFence } = seen;
  const live = isLive(row) ? row : undefined;
  return {
    key,
    seen: { fence, committedFence },
    retryAt: later(now, seconds(random.between(0, 4000))),
    refreshAt: random.chance(0.9) ? live?.refreshAt : at(fence),
    fence: Math.max(1, (row?.fence ?? 0) + 1 + nudge(random)),
    lease: { owner: `worker-${random.between(1, 3)}`, until: later(now, seconds(30)) },
    now,
    clockSkewSeconds: seconds(5),
    credentialFence: committedFence,
  };
}

export function tokenDeed({
  random,
  key,
  row,
  now,
}: Scene<NonNullable<Awaited<ReturnType<TokenStore['read']>>>>): StoreDeed<TokenStore> {
  const fence = Math.max(1, (row?.fence ?? 0) + nudge(random));
  const token = aStoredToken({ ...key, fence, sealed: `sealed-token-${fence}` });
  const status = random.pick<TokenStatus>([
    { state: 'active' },
    { state: 'failing', since: now, warning: { code: 'refresh_failing', since: now } },
    { state: 'needs_reauth', reason: 'answer_lost', since: now },
    { state: 'failing', since: now, retryAt: later(now, seconds(60)) },
  ]);
  return random.pick<StoreDeed<TokenStore>>([
    { name: 'publish', run: (store) => store.publish(token) },
    { name: 'publish', run: (store) => store.publish(without(token, 'scope', 'expiresAt')) },
    { name: 'note', run: (store) => store.note(key, fence, status) },
    {
      name: 'claim',
      run: (store) =>
        store.claim(key, fence, { by: 'somebody', until: later(now, seconds(30)), now }),
    },
    {
      name: 'remove',
      run: (store) => store.remove(aTombstone({ ...key, fence }), at(9000)),
    },
  ]);
}

function nudge(random: Random): number {
  return random.pick([0, 0, 0, 1, -1]);
}
