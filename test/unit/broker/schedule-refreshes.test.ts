import { describe, expect, it } from 'vitest';
import type { ClientStore } from '../../../lib/broker/client-ports.ts';
import type { Connection, ConnectionStore } from '../../../lib/broker/ports.ts';
import { scheduleRefreshes } from '../../../lib/broker/schedule-refreshes.ts';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { aConnection, aKey, at } from '../../support/connections.ts';
import { memoryClientStore } from '../../support/memory-client-store.ts';
import { memoryConnectionStore } from '../../support/memory-connection-store.ts';
import { memoryRefreshQueue } from '../../support/memory-queues.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { dueAt, storeDown } from '../../support/refresh-world.ts';

const settings = { shards: 8, lanesPerClient: 4 };
/** What four lanes do in a minute. */
const budget = 1200;
const acme = parseClientName('acme');
/** Whether a shard is only looked at, of which nothing is sent. */
const isLook = (limit: number) => limit <= 100;

function scheduler(rows: readonly Connection[]) {
  const clock = movingClock(dueAt);
  const log = recordingLog();
  const queue = memoryRefreshQueue();
  const ports = {
    connections: memoryConnectionStore(rows),
    clientStatus: memoryClientStore(),
    queue,
    clock,
    log,
  };
  const schedule = (
    over: Partial<Pick<typeof ports, 'queue'>> & {
      connections?: ConnectionStore;
      clientStatus?: ClientStore;
    } = {},
    deadlineMs = clock.monotonicMs() + 45_000,
  ) => scheduleRefreshes({ ...ports, ...over }, settings, deadlineMs);
  return {
    ...ports,
    schedule,
    /** How many were sent. */
    run: async (...given: Parameters<typeof schedule>) => (await schedule(...given)).sent,
    sent: () => queue.sent.map(({ client, connection }) => `${client}/${connection}`).sort(),
  };
}

const dueRow = (connection: string, client = 'acme', overrides: Partial<Connection> = {}) =>
  aConnection({ ...aKey(connection, client), refreshAt: at(2900), ...overrides });
const dueRows = (count: number, client = 'acme') =>
  Array.from({ length: count }, (_, index) => dueRow(`user-${index}`, client));

describe('a run of the scheduler', () => {
  it('sends what is due, in every shard, and nothing else', async () => {
    const { refreshAt: _none, ...unscheduled } = dueRow('unscheduled');
    const later = dueRow('later', 'acme', { refreshAt: at(3001) });
    const world = scheduler([...dueRows(40), later, unscheduled]);

    expect(await world.run()).toBe(40);
    expect(world.sent()).toEqual(
      dueRows(40)
        .map((row) => `acme/${row.connection}`)
        .sort(),
    );
    expect(world.queue.sent.every(({ refreshAt }) => refreshAt === at(2900))).toBe(true);
  });

  it('reads each shard once, page after page', async () => {
    const world = scheduler(
      Array.from({ length: 9 }, (_, client) => dueRows(240, `c${client}`)).flat(),
    );
    const asked: string[] = [];
    const listDue: ConnectionStore['listDue'] = (input) => {
      asked.push(`${input.shard} ${input.cursor === undefined ? 'begin' : 'go on'}`);
      return world.connections.listDue({ ...input, limit: 100 });
    };

    expect(await world.run({ connections: { ...world.connections, listDue } })).toBe(9 * 240);
    expect(asked.filter((page) => page.endsWith('begin'))).toHaveLength(8);
    expect(new Set(asked).size).toBe(16);
    expect(world.sent()).toHaveLength(9 * 240);
  });

  it('sends of each client no more than its lanes can do, and neglects none', async () => {
    const world = scheduler([...dueRows(2 * budget, 'busy'), ...dueRows(10, 'calm')]);

    expect(await world.run()).toBe(budget + 10);
    expect(world.sent().filter((key) => key.startsWith('calm/'))).toHaveLength(10);
  });

  it('sends nothing but an id, its schedule and its lane', async () => {
    const world = scheduler([dueRow('ann')]);

    await world.run();

    expect(world.queue.sent).toEqual([
      { ...aKey(), refreshAt: at(2900), lane: expect.any(Number) },
    ]);
  });

  it('gives a connection the same lane every time, and spreads them over all lanes', async () => {
    const one = scheduler(dueRows(100));
    const other = scheduler(dueRows(100).toReversed());
    await one.run();
    await other.run();

    const lanes = ({ queue }: typeof one) =>
      new Map(queue.sent.map(({ connection, lane }) => [connection, lane]));
    expect(lanes(one)).toEqual(lanes(other));
    expect(new Set(lanes(one).values())).toEqual(new Set([0, 1, 2, 3]));
  });

  it('finds again what it did not reach', async () => {
    const world = scheduler(dueRows(1.25 * budget));
    await world.run();
    for (const { connection } of world.queue.sent) {
      world.connections.put(dueRow(connection, 'acme', { refreshAt: at(9000) }));
    }

    expect(await world.run()).toBe(budget / 4);
  });

  it('ends in time, and begins with another shard the next minute', async () => {
    const world = scheduler([]);
    const firsts: number[] = [];
    const listDue: ConnectionStore['listDue'] = async ({ shard, limit }) => {
      if (isLook(limit)) return { due: [] };
      firsts.push(shard);
      await world.clock.advance(41_000);
      return { due: [], cursor: 'more' };
    };
    const run = () => world.run({ connections: { ...world.connections, listDue } });

    for (let minute = 0; minute < 8; minute += 1) {
      await run();
      await world.clock.advance(19_000);
    }

    expect(firsts).toHaveLength(8);
    expect(new Set(firsts).size).toBe(8);
  });

  it('sends nothing when there is no time', async () => {
    const world = scheduler(dueRows(3));

    expect(await world.run({}, world.clock.monotonicMs() + 4000)).toBe(0);
    expect(world.sent()).toEqual([]);
  });

  it('sends what is due this very second', async () => {
    const world = scheduler([dueRow('ann', 'acme', { refreshAt: dueAt })]);

    expect(await world.run()).toBe(1);
  });

  it.each([
    ['five seconds, the last page’s, are', 5000, 3],
    ['less is', 4999, 0],
  ])('begins while there is time: when %s left', async (_, leftMs, sent) => {
    const world = scheduler(dueRows(3));

    expect(await world.run({}, world.clock.monotonicMs() + leftMs)).toBe(sent);
  });

  it('fails where the queue does not take what is due', async () => {
    const world = scheduler(dueRows(3));
    const queue = { ...world.queue, send: () => Promise.reject(storeDown()) };

    await expect(world.run({ queue })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('how far a run is behind', () => {
  const overdue = (connection: string, seconds: number, client = 'acme') =>
    dueRow(connection, client, { refreshAt: at(3000 - seconds) });
  /** One in each shard, and more: the oldest is in one of them. */
  const everywhere = (client = 'acme') =>
    Array.from({ length: 40 }, (_, index) => overdue(`user-${index}`, 10 * (index + 1), client));

  it('is nothing when nothing is due', async () => {
    const world = scheduler([dueRow('later', 'acme', { refreshAt: at(3001) })]);

    expect(await world.schedule()).toEqual({ sent: 0, dueLagSeconds: 0, heldLagSeconds: 0 });
  });

  it('is by how much the oldest of all shards is overdue, and stands in the log', async () => {
    const world = scheduler(everywhere());

    expect(await world.schedule()).toEqual({ sent: 40, dueLagSeconds: 400, heldLagSeconds: 0 });
    expect(world.log.lines).toMatchObject([
      { event: 'refreshes_scheduled', details: { sent: 40, overdueSeconds: 400 } },
    ]);
  });

  it('is known of what its client has no lane for', async () => {
    const rows = dueRows(budget, 'acme').map((row) => ({ ...row, refreshAt: at(2000) }));
    const world = scheduler([...rows, overdue('young', 50)]);

    expect(await world.schedule()).toMatchObject({ sent: budget, dueLagSeconds: 1000 });
  });

  it('is known of every shard when the run is cut', async () => {
    const world = scheduler(everywhere());

    const run = await world.schedule({}, world.clock.monotonicMs() + 4000);

    expect(run).toEqual({ sent: 0, dueLagSeconds: 400, heldLagSeconds: 0 });
  });

  it('is known of every shard when the run is cut in the middle of one', async () => {
    const world = scheduler(everywhere());
    const asked: string[] = [];
    const listDue: ConnectionStore['listDue'] = async (input) => {
      asked.push(`${input.shard} ${isLook(input.limit) ? 'look' : 'page'}`);
      const page = await world.connections.listDue(input);
      if (!isLook(input.limit)) await world.clock.advance(41_000);
      return { ...page, cursor: 'more' };
    };

    const run = await world.schedule({ connections: { ...world.connections, listDue } });

    expect(asked.filter((each) => each.endsWith('page'))).toHaveLength(1);
    expect(new Set(asked.map((each) => each.split(' ')[0])).size).toBe(8);
    expect(asked).toHaveLength(8);
    expect(run.dueLagSeconds).toBe(441);
  });

  it.each<[string, (world: ReturnType<typeof scheduler>) => unknown]>([
    ['is refused', ({ clientStatus }) => clientStatus.markRefused(acme, 'version-1', at(2999))],
    [
      'has a provider that does not answer',
      ({ clientStatus }) => clientStatus.openBreaker(acme, at(3001)),
    ],
    ['is being tried again', ({ clientStatus }) => clientStatus.openBreaker(acme, at(2999))],
  ])('counts apart what waits for a client that %s', async (_name, hold) => {
    const world = scheduler([...everywhere(), overdue('bob', 70, 'other')]);
    await hold(world);
    const expected = { dueLagSeconds: 70, heldLagSeconds: 400 };

    expect(await world.schedule()).toMatchObject(expected);
    expect(await world.schedule({}, world.clock.monotonicMs() + 4000)).toMatchObject(expected);
    expect(world.log.lines).toMatchObject([
      { details: { overdueSeconds: 400 } },
      { details: { overdueSeconds: 400 } },
    ]);
  });

  it('is not known when the store fails: the run has no answer', async () => {
    const world = scheduler(everywhere());
    let left = 3;
    const listDue: ConnectionStore['listDue'] = async (input) => {
      if (left-- === 0) throw storeDown();
      return world.connections.listDue(input);
    };

    await expect(
      world.schedule({ connections: { ...world.connections, listDue } }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.log.lines).toEqual([]);
  });
});

describe('a client that the provider refused', () => {
  it.each([
    ['not at all within a minute', at(2941), 0],
    ['with one connection from then on', at(2940), 1],
  ])('is tried %s', async (_name, refusedAt, sent) => {
    const world = scheduler([...dueRows(100), ...dueRows(5, 'other')]);
    await world.clientStatus.markRefused(acme, 'version-1', refusedAt);

    expect(await world.run()).toBe(sent + 5);
    expect(world.sent().filter((key) => key.startsWith('acme/'))).toHaveLength(sent);
  });

  it.each([
    ['a run', 45_000],
    ['a run that has no time', 4000],
  ])('is looked up once in %s, however many of its connections are due', async (_name, leftMs) => {
    const world = scheduler(dueRows(100));
    let reads = 0;
    const read: ClientStore['read'] = async (client) => {
      reads += 1;
      return world.clientStatus.read(client);
    };

    await world.run(
      { clientStatus: { ...world.clientStatus, read } },
      world.clock.monotonicMs() + leftMs,
    );

    expect(reads).toBe(1);
  });
});

describe('a client whose row cannot be read', () => {
  const withRead = (world: ReturnType<typeof scheduler>, fault: Error) => {
    const read: ClientStore['read'] = async (client) => {
      if (client === acme) throw fault;
      return world.clientStatus.read(client);
    };
    return { clientStatus: { ...world.clientStatus, read } };
  };

  it('holds up no other, and is named', async () => {
    const world = scheduler([...dueRows(3), ...dueRows(5, 'other')]);
    const fault = new Fault('ROW_INVALID', { table: 't', key: 'acme', problems: ['refused_at'] });

    expect(await world.run(withRead(world, fault))).toBe(5);
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'client_not_scheduled',
        details: expect.objectContaining({ client: 'acme', code: 'ROW_INVALID' }),
      }),
    );
  });

  it('ends the run where it is the store that is down, or an error of nobody’s', async () => {
    const world = scheduler(dueRows(3));
    const error = new Error('of nobody’s');

    await expect(world.run(withRead(world, storeDown()))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(world.run(withRead(world, error))).rejects.toBe(error);
  });
});

describe('a client whose breaker', () => {
  it('is open is sent nothing, and holds up nobody else', async () => {
    const world = scheduler([...dueRows(5), dueRow('bob', 'other')]);
    await world.clientStatus.openBreaker(acme, at(3001));

    expect(await world.run()).toBe(1);
    expect(world.sent()).toEqual(['other/bob']);
  });

  it('is half-open is sent one', async () => {
    const world = scheduler(dueRows(5));
    await world.clientStatus.openBreaker(acme, at(3000));

    expect(await world.run()).toBe(1);
  });
});

describe('the lanes of a client', () => {
  it('are those of its own row, where it has some', async () => {
    const world = scheduler([...dueRows(budget), ...dueRows(100, 'other')]);
    world.clientStatus.put(acme, { lanes: 1 });

    await world.run();

    const lanes = (client: string) =>
      new Set(world.queue.sent.filter((sent) => sent.client === client).map(({ lane }) => lane));
    expect(lanes('acme')).toEqual(new Set([0]));
    expect(lanes('other')).toEqual(new Set([0, 1, 2, 3]));
    expect(world.queue.sent.filter((sent) => sent.client === 'acme')).toHaveLength(budget / 4);
  });

  it('are never none', async () => {
    const world = scheduler(dueRows(2));
    world.clientStatus.put(acme, { lanes: 0 });

    expect(await world.run()).toBe(2);
  });
});

it('leaves alone what is due by a clock that its own answer has put right', async () => {
  const world = scheduler([dueRow('ann', 'acme', { refreshAt: at(3000) })]);
  const listDue: typeof world.connections.listDue = async (input) => {
    const page = await world.connections.listDue(input);
    if (page.due.length > 0) world.clock.setWallClock(at(2700));
    return page;
  };

  expect(await world.run({ connections: { ...world.connections, listDue } })).toBe(0);
});
