import type { Committed, Connection, ConnectionStore } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import {
  committedAtMost,
  committedBelow,
  credentialIs,
  fenceIs,
  intentIsAfter,
  intentIsUpTo,
  isAsSeen,
  isLive,
  notRevoked,
} from './connection-conditions.ts';
import { type Attributes, buildSchedule } from './connection-row.ts';
import {
  type ConnectionTable,
  type ConnectionWrite,
  readConnection,
  store,
  told,
  writeConnection,
} from './connection-table.ts';
import { scheduleAt } from './due-shard.ts';
import { absent, allOf, compare, type Expression } from './expression.ts';
import { type Preparing, preparedUpdates } from './prepared-update.ts';

/** How often a late answer is written again when the row changes between its read and its write. */
const lateTries = 5;

/** What the provider said, kept: an answer in time, a late one, or that the grant is dead. */
export function connectionAnswers(
  table: ConnectionTable,
): Pick<
  ConnectionStore,
  'commit' | 'prepareCommit' | 'commitLate' | 'reschedule' | 'remind' | 'markDead'
> {
  return {
    commit: (key, fence, answer) =>
      writeConnection(table, commitWrite(table, { key, condition: ifCurrent(fence), answer })),

    ...(table.preparing && { prepareCommit: preparedCommits(table, table.preparing) }),

    commitLate: (key, fence, answer) => commitLate(table, { key, fence, answer }),

    reschedule: (key, fence, schedule) =>
      writeConnection(table, {
        operation: 'reschedule',
        key,
        change: {
          set: {
            ...buildSchedule(schedule),
            ...scheduleAt(key, schedule.refreshAt, table.dueShards),
          },
        },
        condition: allOf(isAsSeen({ fence, committedFence: fence }), isLive),
      }),

    remind: (key, { remindDays, ...seen }, next) =>
      writeConnection(table, {
        operation: 'remind',
        key,
        change: {
          set: {
            remind_days: next.remindDays,
            ...(next.refreshAt !== undefined && scheduleAt(key, next.refreshAt, table.dueShards)),
          },
          add: told,
        },
        condition: allOf(isAsSeen(seen), compare('remind_days', 'is', remindDays), isLive),
      }),

    markDead: (key, { credentialFence, ...seen }, { reason, since }) =>
      writeConnection(table, {
        operation: 'markDead',
        key,
        change: {
          set: {
            state: 'needs_reauth',
            reason,
            needs_reauth_since: since,
            refresh_at: undefined,
            lease: undefined,
            intent: undefined,
          },
          add: told,
        },
        condition: allOf(isAsSeen(seen), credentialIs(credentialFence), isLive),
      }),
  };
}

function preparedCommits(
  table: ConnectionTable,
  preparing: Preparing,
): NonNullable<ConnectionStore['prepareCommit']> {
  const prepareUpdate = preparedUpdates(table, preparing);
  return (key, fence) => {
    const condition = ifCurrent(fence);
    const { send, drop } = prepareUpdate();
    return {
      commit: (answer) =>
        writeConnection(table, commitWrite(table, { key, condition, answer }), send),
      drop,
    };
  };
}

const ifCurrent = (fence: number) => allOf(fenceIs(fence), committedAtMost(fence), notRevoked);

function commitWrite(
  table: ConnectionTable,
  { key, condition, answer }: Pick<ConnectionWrite, 'key' | 'condition'> & { answer: Committed },
): ConnectionWrite {
  const kept = answerAttributes(table, key, answer);
  const set = { ...kept, ...healthy, lease: undefined, intent: undefined };
  return { operation: 'commit', key, change: { set, add: told }, condition };
}

/** Reads, decides and writes, again if the row has changed in between. */
async function commitLate(
  table: ConnectionTable,
  late: Omit<Late, 'current'>,
): Promise<'done' | 'lost'> {
  for (let tries = 0; tries < lateTries; tries += 1) {
    const current = await readConnection(table, late.key);
    if (!current || current.state === 'revoked') return 'lost';
    if (current.committedFence >= late.fence) return 'lost';
    const write = lateWrite(table, { ...late, current });
    if ((await writeConnection(table, write)) === 'done') return 'done';
  }
  throw new Fault('STORE_UNAVAILABLE', { store, operation: 'commitLate', reason: 'contention' });
}

/** A connection whose last attempt went well. */
const healthy: Attributes = {
  state: 'active',
  reason: undefined,
  needs_reauth_since: undefined,
  failures: 0,
  failing_since: undefined,
};

/** What an answer says, as attributes. What it does not say keeps its value; a schedule is whole. */
function answerAttributes(
  table: ConnectionTable,
  key: ConnectionKey,
  answer: Committed,
): Attributes {
  const { credential, scope, accountId } = answer;
  return {
    committed_fence: answer.committedFence,
    values: answer.values,
    last_refreshed_at: answer.lastRefreshedAt,
    ...buildSchedule(answer),
    ...scheduleAt(key, answer.refreshAt, table.dueShards),
    ...(scope !== undefined && { scope }),
    ...(accountId !== undefined && { account_id: accountId }),
    ...(credential && {
      sealed_credential: credential.sealed,
      renewal: credential.renewal,
      credential_fence: answer.committedFence,
    }),
  };
}

interface Late {
  readonly key: ConnectionKey;
  readonly current: Connection;
  readonly fence: number;
  readonly answer: Committed;
}

/**
 * A late answer's write: shaped by the row as it was read, and conditioned on every part of it that
 * gave the shape. Whatever else changes meanwhile, such as another attempt's lease, is no matter.
 */
function lateWrite(table: ConnectionTable, late: Late): ConnectionWrite {
  const { key, current, fence, answer } = late;
  const { credential, ...rest } = answer;
  const isOlderIntent = current.intent !== undefined && current.intent.fence <= fence;
  const isNewCredential = current.credentialFence < fence;
  const bringsCredential = credential !== undefined && isNewCredential;
  const kept = bringsCredential ? answer : rest;
  // A later attempt may be in doubt under this intent too, unless its credential is replaced now.
  const settlesIntent = isOlderIntent && (bringsCredential || current.fence === fence);
  const isLifted = current.reason === 'answer_lost' && bringsCredential;
  const staysDead = current.state === 'needs_reauth' && !isLifted;
  return {
    operation: 'commitLate',
    key,
    change: {
      set: {
        ...answerAttributes(table, key, kept),
        ...(staysDead ? { refresh_at: undefined } : healthy),
        ...(settlesIntent && { intent: undefined }),
      },
      add: told,
    },
    condition: allOf(
      committedBelow(fence),
      compare('credential_fence', isNewCredential ? 'lessThan' : 'atLeast', fence),
      isOlderIntent ? intentIsUpTo(fence) : intentIsAfter(fence),
      isStillAs(current),
      ...(settlesIntent && !bringsCredential ? [fenceIs(fence)] : []),
    ),
  };
}

/** Still live, or still waiting for its owner for the same reason. */
function isStillAs({ state, reason }: Connection): Expression {
  if (state !== 'needs_reauth') return isLive;
  return allOf(
    compare('state', 'is', state),
    reason ? compare('reason', 'is', reason) : absent('reason'),
  );
}
