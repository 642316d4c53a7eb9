import { createHash } from 'node:crypto';
import { isFault } from '../fault.ts';
import { type ClientName, keyText } from '../names.ts';
import { type Clock, type EpochSeconds, later, seconds } from '../time.ts';
import type { ClientStatus, ClientStore } from './client-ports.ts';
import type { ConnectionStore, CountMetric, DueConnection, Log, RefreshQueue } from './ports.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly clientStatus: ClientStore;
  readonly queue: RefreshQueue;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: CountMetric;
}

export interface SchedulerSettings {
  readonly shards: number;
  /** How many connections of one client are refreshed side by side. */
  readonly lanesPerClient: number;
}

const pageSize = 500;
/** What one lane is expected to do before the next run: one refresh a second for a minute. */
const refreshesPerLane = 60;
/** A refused client is tried with one connection this long after, in case its secret is new. */
const refusedProbeSeconds = seconds(60);
/** Time kept back for the last page. */
const reserveMs = 5_000;

/**
 * Sends what is due to the refresh queue: ids only, and for each client no more than its lanes can
 * do before the next run, so that the queue never holds what nobody works on.
 *
 * What it does not reach stays due, and the next run finds it: a missed run heals itself. Its work
 * follows what is due, not what is stored.
 *
 * @param deadlineMs - when this invocation has to be done, on the monotonic clock.
 * @returns how many were sent.
 */
export async function scheduleRefreshes(
  ports: Ports,
  settings: SchedulerSettings,
  deadlineMs: number,
): Promise<number> {
  const now = ports.clock.now();
  const budget = clientBudget(ports, settings, now);
  const isLate = () => ports.clock.monotonicMs() > deadlineMs - reserveMs;
  let sent = 0;
  let oldest: EpochSeconds | undefined;
  for (const shard of shardsInTurn(settings.shards, now)) {
    if (isLate()) break;
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? {} : { cursor };
      const page = await ports.connections.listDue({
        shard,
        now: ports.clock.now(),
        limit: pageSize,
        ...from,
      });
      // The answer may have set our clock: what is sent too early is not taken a second time.
      const now = ports.clock.now();
      const chosen = await choose(
        page.due.filter(({ refreshAt }) => refreshAt <= now),
        budget,
      );
      await ports.queue.send(chosen);
      sent += chosen.length;
      const [first] = page.due;
      if (first && (oldest === undefined || first.refreshAt < oldest)) oldest = first.refreshAt;
      cursor = page.cursor;
    } while (cursor !== undefined && !isLate());
  }
  if (sent > 0) ports.count('refresh_scheduled');
  ports.log.info('refreshes_scheduled', { sent, overdueSeconds: oldest ? now - oldest : 0 });
  return sent;
}

/** Every shard, each minute from the next one on: runs that end early neglect none for ever. */
function shardsInTurn(shards: number, now: EpochSeconds): readonly number[] {
  const first = Math.floor(now / 60);
  return Array.from({ length: shards }, (_, index) => (first + index) % shards);
}

/** What may be sent of one client in this run, and into how many lanes. */
interface Budget {
  left: number;
  readonly lanes: number;
}

type BudgetOf = (client: ClientName) => Promise<Budget>;

/** How many of each client may still be sent in this run; looked up once per client. */
function clientBudget(
  ports: Ports,
  { lanesPerClient }: SchedulerSettings,
  now: EpochSeconds,
): BudgetOf {
  const budgets = new Map<ClientName, Budget>();
  return async (client) => {
    const known = budgets.get(client);
    if (known) return known;
    const status = await readStatus(ports, client);
    const lanes = Math.max(1, status?.lanes ?? lanesPerClient);
    const budget = { lanes, left: status ? allowance(status, lanes, now) : 0 };
    budgets.set(client, budget);
    return budget;
  };
}

function allowance(status: ClientStatus, lanes: number, now: EpochSeconds): number {
  const { refusedAt, openUntil } = status;
  if (openUntil !== undefined && openUntil > now) return 0;
  if (refusedAt !== undefined) return later(refusedAt, refusedProbeSeconds) <= now ? 1 : 0;
  // Half-open: one connection shows whether the provider answers again.
  return openUntil === undefined ? lanes * refreshesPerLane : 1;
}

/** Undefined for a row that cannot be read: one such client must not hold up all the others. */
async function readStatus(
  { clientStatus, log }: Ports,
  client: ClientName,
): Promise<ClientStatus | undefined> {
  try {
    return await clientStatus.read(client);
  } catch (error) {
    if (!isFault(error) || error.code === 'STORE_UNAVAILABLE') throw error;
    log.error('client_not_scheduled', { client, code: error.code, advice: error.message });
    return undefined;
  }
}

async function choose(
  due: readonly DueConnection[],
  budgetOf: BudgetOf,
): Promise<Parameters<RefreshQueue['send']>[0]> {
  const chosen: (DueConnection & { readonly lane: number })[] = [];
  for (const connection of due) {
    const budget = await budgetOf(connection.client);
    if (budget.left <= 0) continue;
    budget.left -= 1;
    chosen.push({ ...connection, lane: laneOf(connection, budget.lanes) });
  }
  return chosen;
}

/** Always the same lane for a connection: its messages stay in order. */
function laneOf(due: DueConnection, lanes: number): number {
  const digest = createHash('sha256').update(keyText(due)).digest();
  return digest.readUInt32BE(4) % lanes;
}
