import { describe, expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import { seconds } from '../../../lib/time.ts';
import { aKey, at } from '../../support/connections.ts';
import {
  demand,
  due,
  granted,
  notSent,
  refreshWorld,
  refused,
  storeDown,
  timedOut,
} from '../../support/refresh-world.ts';

const { client } = aKey();
const html: TokenOutcome = { outcome: 'answer_invalid', trouble: 'malformed', httpStatus: 200 };

/** A connection whose client has had so many calls without an answer. */
function troubled(troubles: number, answer: TokenOutcome = notSent) {
  const world = refreshWorld({ answers: [answer] });
  world.clientStatus.put(client, { troubles });
  return world;
}

/** A client whose breaker opens or has opened at some moment; the clock stands at 3000. */
function opened(openUntil: number, answer: TokenOutcome = granted()) {
  const world = refreshWorld({ answers: [answer] });
  world.clientStatus.put(client, { troubles: 5, openUntil: at(openUntil) });
  return world;
}

describe('a closed breaker', () => {
  it.each([
    ['no connection', notSent],
    ['a time-out', timedOut],
    ['an answer that cannot be read', html],
  ])('counts %s', async (_, answer) => {
    const world = troubled(2, answer);

    await world.refresh();

    expect(await world.clientStatus.read(client)).toEqual({ troubles: 3 });
  });

  it.each([
    ['a token', granted()],
    ['a refused grant', refused],
    ['a refused request', { outcome: 'request_refused', error: 'invalid_scope' } as const],
  ])('forgets what it counted with %s: the provider is there', async (_, answer) => {
    const world = troubled(4, answer);

    await world.refresh();

    expect(await world.clientStatus.read(client)).toEqual({});
  });

  it('writes nothing for a client without trouble', async () => {
    const world = refreshWorld();
    const closeBreaker = () => Promise.reject(new Error('nothing is to be written'));

    await world.refresh(due, { clientStatus: { ...world.clientStatus, closeBreaker } });
  });

  it('opens for half a minute at the fifth call in a row, and says so', async () => {
    const world = troubled(4);

    await world.refresh();

    expect(await world.clientStatus.read(client)).toEqual({ troubles: 5, openUntil: at(3030) });
    expect(world.counted).toContain('breaker_opened');
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'breaker_opened' }),
    );
  });

  it('opens for as long as the provider asks, within bounds', async () => {
    const asks = (retryAfterSeconds: number) => {
      const rest = { trouble: 'rate_limited', undecided: false, retryAfterSeconds } as const;
      return troubled(4, { outcome: 'unavailable', ...rest });
    };
    const hour = asks(3600);
    const minutes = asks(120.5);

    await hour.refresh();
    await minutes.refresh();

    expect((await hour.clientStatus.read(client)).openUntil).toBe(at(3300));
    expect((await minutes.clientStatus.read(client)).openUntil).toBe(at(3121));
  });

  it('is left as it is by a call that began before another opened it', async () => {
    const open = { troubles: 5, openUntil: at(3030) };
    const world = refreshWorld({
      answers: () => {
        world.clientStatus.put(client, open);
        return notSent;
      },
    });

    await world.refresh();

    expect(await world.clientStatus.read(client)).toEqual(open);
  });

  it.each([
    storeDown(),
    new Fault('ROW_INVALID', { table: 'connections', key: 'acme', problems: ['troubles'] }),
  ])(
    'does not keep an answer from its caller when its own write ends with $code',
    async (fault) => {
      const world = troubled(4);
      const down = async () => {
        throw fault;
      };

      const reply = await world.refresh(due, {
        clientStatus: { ...world.clientStatus, countTrouble: down },
      });

      expect(reply).toMatchObject({ outcome: 'failing' });
    },
  );
});

describe('an open breaker', () => {
  it.each([due, demand])('sends nothing, for $kind', async (cause) => {
    const world = opened(3001);

    expect(await world.refresh(cause)).toMatchObject({
      outcome: 'failing',
      warning: { code: 'refresh_failing' },
      token: { fence: 1 },
    });
    expect(world.calls).toEqual([]);
  });

  it('puts a connection off until after its time, spread over a minute', async () => {
    const world = opened(3300);

    const reply = await world.refresh(due, { random: () => 0.5 });

    expect(reply).toMatchObject({ retryAt: at(3330) });
    expect(world.row()).toMatchObject({ refreshAt: at(3330), failures: 0 });
  });

  it('is over at its moment', async () => {
    const world = opened(3000);

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
  });
});

describe('a half-open breaker', () => {
  it('lets one try, and closes when the provider answers', async () => {
    const world = opened(2900);

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
    expect(await world.clientStatus.read(client)).toEqual({});
  });

  it('opens for twice as long when it does not', async () => {
    const world = opened(2900, notSent);

    await world.refresh();

    expect(await world.clientStatus.read(client)).toEqual({ troubles: 6, openUntil: at(3060) });
  });

  it('never opens for more than five minutes', async () => {
    const world = opened(2900, notSent);
    world.clientStatus.put(client, { troubles: 500 });

    await world.refresh();

    expect((await world.clientStatus.read(client)).openUntil).toBe(at(3300));
  });

  it('holds the others back until the probe must have ended', async () => {
    const world = opened(2900);
    await world.clientStatus.takeProbe(client, { now: at(2990), until: at(3020) });

    const reply = await world.refresh(due, { random: () => 0 });

    expect(reply).toMatchObject({ outcome: 'failing', retryAt: at(3030) });
    expect(world.calls).toEqual([]);
  });

  it('gives another the probe of one that fell silent', async () => {
    const world = opened(2900);
    await world.clientStatus.takeProbe(client, { now: at(2950), until: at(3000) });

    expect(await world.refresh()).toMatchObject({ outcome: 'refreshed' });
  });

  it('takes no lease without the probe', async () => {
    const world = opened(2900);
    await world.clientStatus.takeProbe(client, { now: at(2990), until: at(3020) });

    await world.refresh();

    expect(world.row()).toMatchObject({ fence: 1 });
    expect(world.row()).not.toHaveProperty('lease');
  });

  it('keeps the probe for as long as a lease lasts', async () => {
    const world = opened(2900);
    const probes: unknown[] = [];
    const takeProbe: typeof world.clientStatus.takeProbe = (name, probe) => {
      probes.push(probe);
      return world.clientStatus.takeProbe(name, probe);
    };

    await world.refresh(due, { clientStatus: { ...world.clientStatus, takeProbe } });

    expect(probes).toEqual([{ now: at(3000), until: at(3000 + seconds(30)) }]);
  });
});
