import { createHash } from 'node:crypto';
import { isFault } from '../fault.ts';
import { type ClientName, keyText } from '../names.ts';
import { type Clock, type EpochSeconds, later, type Seconds, seconds, until } from '../time.ts';
import type { ClientStatus, ClientStore } from './client-ports.ts';
import { type LagMeter, lagMeter } from './due-lag.ts';
import type { ConnectionStore, DueConnection, Log } from './ports.ts';
import type { RefreshQueue } from './queue-ports.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly clientStatus: ClientStore;
  readonly queue: RefreshQueue;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SchedulerSettings {
  readonly shards: number;
  /** How many connections of one client are refreshed side by side. */
  readonly lanesPerClient: number;
}

/** What one run did, and what it found. */
export interface ScheduledRun {
  readonly sent: number;
  /** How long the oldest connection is overdue that may be refreshed; zero when none is. */
  readonly dueLagSeconds: Seconds;
  /** The same of those whose client is refused, or whose provider does not answer. */
  readonly heldLagSeconds: Seconds;
}

const pageSize = 500;
/** Of a shard that is only looked at: enough to see past a client that is held. */
const lookSize = 100;
/** What one lane can do before the next run, at a provider that answers quickly: five a second. */
const refreshesPerLane = 300;
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
 * @returns also how far it is behind, in every shard, whether there was time to send or not.
 * @throws {Fault} `STORE_UNAVAILABLE`: how far it is behind is not known then.
 */
export async function scheduleRefreshes(
  ports: Ports,
  settings: SchedulerSettings,
  deadlineMs: number,
): Promise<ScheduledRun> {
  const now = ports.clock.now();
  const budgetOf = clientBudget(ports, settings, now);
  const lag = lagMeter();
  const shards = shardsInTurn(settings.shards, now);
  const isLate = () => ports.clock.monotonicMs() > deadlineMs - reserveMs;
  let sent = 0;
  let reached = 0;
  for (const shard of shards) {
    if (isLate()) break;
    reached += 1;
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? {} : { cursor };
      const page = await listDue(ports, { shard, limit: pageSize, ...from });
      const chosen = await choose(page.due, budgetOf, lag);
      await ports.queue.send(chosen);
      sent += chosen.length;
      cursor = page.cursor;
    } while (cursor !== undefined && !isLate());
  }
  await lookAtRest(ports, shards.slice(reached), { budgetOf, lag });
  const run = { sent, ...lag.read() };
  const overdueSeconds = Math.max(run.dueLagSeconds, run.heldLagSeconds);
  ports.log.info('refreshes_scheduled', { sent, overdueSeconds });
  return run;
}

/** A connection that is due, and for how long it has been. */
interface Overdue extends DueConnection {
  readonly overdueSeconds: Seconds;
}

async function listDue(
  { connections, clock }: Ports,
  page: { readonly shard: number; readonly limit: number; readonly cursor?: string },
): Promise<{ readonly due: readonly Overdue[]; readonly cursor?: string }> {
  const { due, ...rest } = await connections.listDue({ ...page, now: clock.now() });
  // The answer may have set our clock: what is sent too early is not taken a second time.
  const now = clock.now();
  const isDue = ({ refreshAt }: DueConnection) => refreshAt <= now;
  const overdue = due.filter(isDue).map((each) => ({
    ...each,
    overdueSeconds: until(now, each.refreshAt),
  }));
  return { due: overdue, ...rest };
}

/** How far the shards are behind for which there was no time, by the oldest connections of each. */
async function lookAtRest(
  ports: Ports,
  shards: readonly number[],
  { budgetOf, lag }: { readonly budgetOf: BudgetOf; readonly lag: LagMeter },
): Promise<void> {
  const looks = shards.map(async (shard) => {
    const { due } = await listDue(ports, { shard, limit: lookSize });
    for (const { client, overdueSeconds } of due) {
      lag.note(overdueSeconds, (await budgetOf(client)).isHeld);
    }
  });
  await Promise.all(looks);
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
  /** Whether the client waits for its secret, or for its provider to answer again. */
  readonly isHeld: boolean;
}

type BudgetOf = (client: ClientName) => Promise<Budget>;

/** How many of each client may still be sent in this run; looked up once per client. */
function clientBudget(
  ports: Ports,
  { lanesPerClient }: SchedulerSettings,
  now: EpochSeconds,
): BudgetOf {
  const budgets = new Map<ClientName, Promise<Budget>>();
  const lookUp = async (client: ClientName): Promise<Budget> => {
    const status = await readStatus(ports, client);
    const lanes = Math.max(1, status?.lanes ?? lanesPerClient);
    const left = status ? allowance(status, lanes, now) : 0;
    return { lanes, left, isHeld: isHeld(status) };
  };
  return (client) => {
    const budget = budgets.get(client) ?? lookUp(client);
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

/** A client whose row cannot be read is none that may be called. */
function isHeld(status: ClientStatus | undefined): boolean {
  return !status || status.refusedAt !== undefined || status.openUntil !== undefined;
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
  due: readonly Overdue[],
  budgetOf: BudgetOf,
  lag: LagMeter,
): Promise<Parameters<RefreshQueue['send']>[0]> {
  const chosen: (DueConnection & { readonly lane: number })[] = [];
  for (const { overdueSeconds, ...connection } of due) {
    const budget = await budgetOf(connection.client);
    lag.note(overdueSeconds, budget.isHeld);
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
