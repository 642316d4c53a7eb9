import { describe, expect, it } from 'vitest';
import {
  anEndlessAnswer,
  answered,
  aVendAnswer,
  brokerClient,
  endingOf,
  networkDown,
  problem,
} from '../../support/broker-client.ts';
import { aMoment } from '../../support/moving-clock.ts';

const name = 'hurma-acme/ann';
const seconds = 1000;

describe('a token', () => {
  it('is asked for once, and kept until so much of its life is left as is wanted', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);

    await hurma.token();
    await client.clock.advance(3539 * seconds);
    await hurma.token();
    expect(client.asked).toHaveLength(1);
    await client.clock.advance(2 * seconds);
    client.answerWith(() => answered(aVendAnswer({ access_token: 'token-2' })));

    expect((await hurma.token()).reveal()).toBe('token-2');
    expect(client.asked).toHaveLength(2);
  });

  it('is asked for with the name, the life and the wait that are wanted', async () => {
    const client = brokerClient({ maxWaitSeconds: 4 });

    await client.connection(name).token({ minTtlSeconds: 300 });

    expect(client.asked).toEqual([
      {
        client: 'hurma-acme',
        connection: 'ann',
        minTtlSeconds: 300,
        maxWaitSeconds: 4,
        timeoutMs: 7000,
      },
    ]);
  });

  it('that lives shorter than a caller wants is asked for again, for that caller alone', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    await hurma.token();
    await client.clock.advance(3000 * seconds);

    await hurma.token();
    await hurma.token({ minTtlSeconds: 900 });

    expect(client.asked.map(({ minTtlSeconds }) => minTtlSeconds)).toEqual([60, 900]);
  });

  it('of a short life is kept for half of it, whatever is wanted', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(() => answered(aVendAnswer({ expires_in: 60 })));
    await hurma.token();

    await client.clock.advance(29 * seconds);
    await hurma.token();
    expect(client.asked).toHaveLength(1);
    await client.clock.advance(2 * seconds);
    await hurma.token();

    expect(client.asked).toHaveLength(2);
  });

  it('counts its life from when it was asked for, whatever the clock of the broker says', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    const elsewhere = aMoment + 50_000;
    client.answerWith(async () => {
      await client.clock.sleep(8 * seconds);
      return answered(aVendAnswer({ obtained_at: elsewhere, expires_in: 3600 }));
    });
    await hurma.token();

    await client.clock.advance(3531 * seconds);
    await hurma.token();
    expect(client.asked).toHaveLength(1);
    await client.clock.advance(2 * seconds);
    await hurma.token();

    expect(client.asked).toHaveLength(2);
  });

  it('without a known end is asked for again after five minutes', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(() => answered(anEndlessAnswer()));
    await hurma.token();

    await client.clock.advance(299 * seconds);
    await hurma.token();
    expect(client.asked).toHaveLength(1);
    await client.clock.advance(2 * seconds);
    await hurma.token();

    expect(client.asked).toHaveLength(2);
  });

  it('is kept no longer than the caller says', async () => {
    const client = brokerClient({ maxCacheSeconds: 30 });
    const hurma = client.connection(name);
    await hurma.token();

    await client.clock.advance(31 * seconds);
    await hurma.token();

    expect(client.asked).toHaveLength(2);
  });

  it('is asked for a little earlier by some processes than by others', async () => {
    const askedAfter = async (random: number) => {
      const client = brokerClient({}, () => random);
      const hurma = client.connection(name);
      await hurma.token();
      for (let elapsed = 0; ; elapsed += 1) {
        await hurma.token();
        if (client.asked.length > 1) return elapsed;
        await client.clock.advance(seconds);
      }
    };

    expect(await askedAfter(0)).toBe(3541);
    expect(await askedAfter(0.5)).toBe(3511);
    expect(await askedAfter(0.999)).toBe(3481);
  });

  it('is shared by all connections of one name, and by no other', async () => {
    const client = brokerClient();
    client.answerWith(({ connection }) => answered(aVendAnswer({ connection })));

    await client.connection(name).token();
    await client.connection(name).token();
    await client.connection('hurma-acme/bob').token();

    expect(client.asked.map(({ connection }) => connection)).toEqual(['ann', 'bob']);
  });

  it('of the connection that was asked for longest ago is forgotten after a thousand others', async () => {
    const client = brokerClient();
    client.answerWith(({ connection }) => answered(aVendAnswer({ connection })));
    const take = (id: string) => client.connection(`hurma-acme/${id}`).token();
    await take('first');
    await take('second');
    await take('first');

    for (let index = 0; index < 999; index += 1) await take(`other-${index}`);
    const before = client.asked.length;
    await take('first');
    expect(client.asked).toHaveLength(before);
    await take('second');

    expect(client.asked).toHaveLength(before + 1);
  });
});

describe('callers at once', () => {
  it('are answered by one question', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);

    const tokens = await Promise.all(Array.from({ length: 500 }, () => hurma.token()));

    expect(client.asked).toHaveLength(1);
    expect(new Set(tokens.map((token) => token.reveal()))).toEqual(new Set(['token-1']));
  });

  it('of whom one wants a longer life are answered by two, and none gets less than it wants', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(({ minTtlSeconds }) =>
      answered(
        aVendAnswer({
          access_token: `for-${minTtlSeconds}`,
          obtained_at: aMoment - 3600,
          expires_in: minTtlSeconds + 1,
          expires_at: aMoment + minTtlSeconds + 1,
        }),
      ),
    );

    const tokens = await Promise.all([
      hurma.token({ minTtlSeconds: 60 }),
      hurma.token({ minTtlSeconds: 600 }),
      hurma.token({ minTtlSeconds: 30 }),
    ]);

    expect(tokens.map((token) => token.reveal())).toEqual(['for-60', 'for-600', 'for-60']);
    expect(client.asked).toHaveLength(2);
  });

  it('all hear of one failure', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(() => problem('temporarily_unavailable', { retry_after: 7 }));

    const endings = await Promise.all(Array.from({ length: 50 }, () => endingOf(hurma.token())));

    expect(client.asked).toHaveLength(1);
    expect(new Set(endings)).toEqual(new Set(['TemporarilyUnavailable']));
  });

  it('one of whom stops waiting leave the others their answer', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof answered>>();
    client.answerWith(() => promise);
    const leaving = new AbortController();

    const left = hurma.token({ signal: leaving.signal });
    const stayed = hurma.token();
    leaving.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    resolve(answered(aVendAnswer()));

    expect((await stayed).reveal()).toBe('token-1');
    await expect(hurma.token({ signal: leaving.signal })).rejects.toThrow('enough');
  });

  it('after Lambda stopped the process in the middle of a question ask anew', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(() => new Promise(() => {}));
    void hurma.token();
    client.clock.setWallClock((aMoment + 3600) as typeof aMoment);
    client.answerWith(() => answered(aVendAnswer()));

    expect((await hurma.token()).reveal()).toBe('token-1');
  });
});

describe('a failure', () => {
  it.each([
    'temporarily_unavailable',
    'unknown_connection',
    'access_denied',
    'reauthorization_required',
  ])('%s is the answer for a second, and for two at most', async (error) => {
    for (const [random, lasts] of [
      [0, 1000],
      [0.999, 1999],
    ] as const) {
      const client = brokerClient({}, () => random);
      const hurma = client.connection(name);
      client.answerWith(() => problem(error));
      const first = await endingOf(hurma.token());

      await client.clock.advance(lasts - 1);
      expect(await endingOf(hurma.token())).toBe(first);
      expect(client.asked).toHaveLength(1);
      await client.clock.advance(1);
      client.answerWith(() => answered(aVendAnswer()));

      expect(await endingOf(hurma.token())).toBe('token-1');
    }
  });

  it.each([
    ['the broker cannot be reached', networkDown],
    ['the broker says to come later', problem('temporarily_unavailable')],
    ['the broker has an error', problem('server_error')],
  ])('%s: a token at hand is the answer as long as it lives', async (_what, reply) => {
    const client = brokerClient();
    const hurma = client.connection(name);
    await hurma.token();
    client.answerWith(() => reply);

    await client.clock.advance(3595 * seconds);
    expect(await endingOf(hurma.token())).toBe('token-1');
    expect(await endingOf(hurma.token({ minTtlSeconds: 900 }))).toBe('token-1');
    await client.clock.advance(5 * seconds);

    expect(await endingOf(hurma.token())).not.toBe('token-1');
  });

  it.each([
    ['reauthorization_required', 'ReauthorizationRequired'],
    ['unknown_connection', 'UnknownConnection'],
    ['access_denied', 'AccessDenied'],
  ])('%s is final: a token at hand is no longer handed out', async (error, expected) => {
    const client = brokerClient();
    const hurma = client.connection(name);
    await hurma.token();
    client.answerWith(() => problem(error));
    await client.clock.advance(3595 * seconds);

    expect(await endingOf(hurma.token())).toBe(expected);
    expect(await endingOf(hurma.token({ minTtlSeconds: 0 }))).toBe(expected);
  });

  it('is not waited for long while a token at hand will do', async () => {
    const client = brokerClient({}, () => 0.5);
    const hurma = client.connection(name);
    await hurma.token();
    client.answerWith(() => networkDown);
    await client.clock.advance(3520 * seconds);

    await hurma.token();

    expect(client.asked.slice(1)).toMatchObject([{ maxWaitSeconds: 1, timeoutMs: 4000 }]);
  });
});

describe('a token that lives shorter than is wanted, since there is no better one,', () => {
  it('is not asked about at every call', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    client.answerWith(() =>
      answered(
        aVendAnswer({
          obtained_at: aMoment - 3570,
          expires_at: aMoment + 30,
          expires_in: 30,
          warning: { code: 'refresh_failing', since: aMoment - 600 },
        }),
      ),
    );

    for (let call = 0; call < 100; call += 1) await hurma.token();
    expect(client.asked).toHaveLength(1);
    await client.clock.advance(2 * seconds);
    const token = await hurma.token();

    expect(client.asked).toHaveLength(2);
    expect(token.warning).toEqual({ code: 'refresh_failing', since: aMoment - 600 });
  });
});

describe('a token that the API refused', () => {
  it('is reported by its hash, once by many, and never handed out again', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    const rejected = await hurma.token();
    client.answerWith(() => answered(aVendAnswer({ access_token: 'token-2' })));

    const tokens = await Promise.all(Array.from({ length: 50 }, () => hurma.token({ rejected })));
    const later = await hurma.token({ rejected });

    expect(tokens.every((token) => token.reveal() === 'token-2')).toBe(true);
    expect(later.reveal()).toBe('token-2');
    expect(client.asked.slice(1)).toMatchObject([
      {
        // echo -n token-1 | sha256sum
        rejectedTokenSha256: '3f08aace122ee2368432c1ca23a049bc640bafbf00fdf33a52429f38ba12dbf9',
      },
    ]);
  });

  it('is not the answer while the broker is down', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    const rejected = await hurma.token();
    client.answerWith(() => networkDown);

    expect(await endingOf(hurma.token({ rejected }))).toBe('BrokerUnreachable');
  });

  it('comes back where the broker holds it for good', async () => {
    const client = brokerClient();
    const hurma = client.connection(name);
    const rejected = await hurma.token();

    const again = await hurma.token({ rejected });

    expect(again.reveal()).toBe('token-1');
  });
});

describe('options', () => {
  it.each([
    { minTtlSeconds: -1 },
    { minTtlSeconds: 86_401 },
    { minTtlSeconds: 0.5 },
    { minTtlSeconds: Number.NaN },
    { maxWaitSeconds: 26 },
  ])('%o are refused before anything is asked', async (options) => {
    const client = brokerClient();

    expect(await endingOf(client.connection(name).token(options))).toBe('InvalidRequest');
    expect(client.asked).toHaveLength(0);
  });

  it.each(['ann', '', 'HURMA/ann', 'hurma-acme/', 'hurma-acme/..', 'hurma-acme/a/b', 'a/b?c'])(
    'a name such as %o is refused at once',
    (wrong) => {
      expect(() => brokerClient().connection(wrong)).toThrow('client/connection');
    },
  );
});
