import { describe, expect, it } from 'vitest';
import { withIntrospectedExpiry } from '../../../lib/broker/introspected-expiry.ts';
import type { IntrospectExpiry, TokenAnswer } from '../../../lib/oauth/token-endpoint.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { at } from '../../support/connections.ts';
import { due, dueAt, granted, refreshWorld, storeDown } from '../../support/refresh-world.ts';

const introspect = { url: 'https://as.example.com/introspect' };
const client = aClient({ definition: aDefinition({ introspect }) });
const told: IntrospectExpiry = async () => at(9000);

function answerOf(overrides: Partial<TokenAnswer>): TokenAnswer {
  const outcome = granted(undefined, overrides);
  if (outcome.outcome !== 'granted') throw new Error('granted');
  const { expiresAt, ...answer } = outcome.answer;
  return overrides.expirySource === 'unknown' ? answer : outcome.answer;
}

describe('the ladder of expiries', () => {
  it.each(['unknown', 'default'] as const)('asks for introspection at %s', async (expirySource) => {
    const answer = answerOf({ expirySource });

    expect(await withIntrospectedExpiry({ introspectExpiry: told }, client, { answer })).toEqual({
      ...answer,
      expiresAt: at(9000),
      expirySource: 'introspection',
    });
  });

  it.each(['expires_in', 'expires_at', 'jwt', 'import'] as const)(
    'asks nobody at %s',
    async (expirySource) => {
      const answer = answerOf({ expirySource });

      expect(await withIntrospectedExpiry({ introspectExpiry: told }, client, { answer })).toBe(
        answer,
      );
    },
  );

  it('asks nobody where the provider has no introspection', async () => {
    const answer = answerOf({ expirySource: 'unknown' });
    const plain = aClient();

    expect(await withIntrospectedExpiry({ introspectExpiry: told }, plain, { answer })).toBe(
      answer,
    );
  });

  it('keeps what it has when introspection does not tell', async () => {
    const answer = answerOf({ expirySource: 'default' });
    const silent: IntrospectExpiry = async () => undefined;

    expect(await withIntrospectedExpiry({ introspectExpiry: silent }, client, { answer })).toBe(
      answer,
    );
  });

  it('waits three seconds for it at most, and not at all without time', async () => {
    const answer = answerOf({ expirySource: 'unknown' });
    const limits: number[] = [];
    const introspectExpiry: IntrospectExpiry = async (_client, _token, timeoutMs) => {
      limits.push(timeoutMs);
      return undefined;
    };

    await withIntrospectedExpiry({ introspectExpiry }, client, { answer });
    await withIntrospectedExpiry({ introspectExpiry }, client, { answer, timeoutMs: 60_000 });
    await withIntrospectedExpiry({ introspectExpiry }, client, { answer, timeoutMs: 500 });
    await withIntrospectedExpiry({ introspectExpiry }, client, { answer, timeoutMs: 0 });

    expect(limits).toEqual([3000, 3000, 500]);
  });
});

describe('a refresh whose answer does not tell when its token ends', () => {
  const world = () =>
    refreshWorld({
      definition: { introspect, lifetimes: { access_token_seconds: 600 } },
      answers: [granted('refresh-2', { expirySource: 'default', expiresAt: at(3600) })],
    });

  it('stores the answer first, and then what introspection tells', async () => {
    const { refresh, row, token, ports, connections } = world();
    const order: string[] = [];
    const introspectExpiry: IntrospectExpiry = async () => {
      order.push(`committed ${row().committedFence > 1}`);
      return at(9000);
    };

    const reply = await refresh(due, { introspectExpiry, connections });

    expect(order).toEqual(['committed true']);
    expect(reply.token).toMatchObject({ expiresAt: at(9000), expirySource: 'introspection' });
    expect(token()).toMatchObject({ expiresAt: at(9000), expirySource: 'introspection' });
    expect(row()).toMatchObject({ accessTokenExpiresAt: at(9000), expirySource: 'introspection' });
    expect(row().refreshAt).toBeGreaterThan(at(7000));
    expect(ports.clock.now()).toBe(dueAt);
  });

  it('publishes the token with all that was known of it before', async () => {
    const { refresh, token } = refreshWorld({
      row: { scope: 'read write', values: { realm: '1' } },
      definition: { introspect },
      answers: [granted('refresh-2', { expirySource: 'default', values: { site: 'eu' } })],
    });

    await refresh(due, { introspectExpiry: told });

    expect(token()).toMatchObject({ scope: 'read write', values: { realm: '1', site: 'eu' } });
  });

  it('sends the whole answer to the recovery queue when its token cannot be published', async () => {
    const { refresh, row, recovery, tokens } = world();
    const publish = async () => {
      throw storeDown();
    };

    await refresh(due, { introspectExpiry: told, tokens: { ...tokens, publish } });

    const { committedFence } = row();
    expect(recovery.sent).toMatchObject([
      {
        answer: {
          committedFence,
          credential: { renewal: ['refresh_token'] },
          accessTokenExpiresAt: at(9000),
          expirySource: 'introspection',
        },
        token: { fence: committedFence, expiresAt: at(9000) },
      },
    ]);
  });

  it('vends it also when the schedule cannot be corrected', async () => {
    const { refresh, row, token, connections } = world();
    const reschedule = async () => {
      throw storeDown();
    };

    const reply = await refresh(due, {
      introspectExpiry: told,
      connections: { ...connections, reschedule },
    });

    expect(reply).toMatchObject({ outcome: 'refreshed', token: { expiresAt: at(9000) } });
    expect(token()).toMatchObject({ expiresAt: at(9000) });
    expect(row()).toMatchObject({ accessTokenExpiresAt: at(3600), expirySource: 'default' });
  });

  it('does not ask when the store is down: the answer goes round it as it is', async () => {
    const { refresh, connections, recovery } = world();
    const commit = async () => {
      throw storeDown();
    };
    const introspectExpiry: IntrospectExpiry = () => Promise.reject(new Error('nobody may ask'));

    await refresh(due, { introspectExpiry, connections: { ...connections, commit } });

    expect(recovery.sent).toHaveLength(1);
  });
});
