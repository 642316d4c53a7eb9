import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributes } from '../../../lib/aws/expression.ts';
import { buildPending, parsePending } from '../../../lib/aws/pending-connections.ts';
import { buildRecoveryMessage, parseRecoveryMessage } from '../../../lib/aws/recovery-message.ts';
import { buildRefreshReply, parseRefreshReply } from '../../../lib/aws/refresh-payload.ts';
import { buildTokenRow, parseTokenRow } from '../../../lib/aws/token-row.ts';
import type { StoredToken } from '../../../lib/broker/ports.ts';
import { openStoredToken, sealToken } from '../../../lib/broker/token-seal.ts';
import { Secret } from '../../../lib/secret.ts';
import { aCommitted, aKey, aNewConnection, aStoredToken, at } from '../../support/connections.ts';
import { testSealer } from '../../support/key-rings.ts';
import { memoryTokenStore } from '../../support/memory-token-store.ts';
import { vendWorld } from '../../support/vend-world.ts';
import { without } from '../../support/without.ts';
import { reasonOf } from '../sealing/reason-of.ts';

const sealer = testSealer();

/** A token with every member, really sealed. */
async function aSealed(overrides: Partial<StoredToken> = {}): Promise<StoredToken> {
  const token = aStoredToken({
    apiBaseUrl: 'https://api.example.com/v2',
    values: { realm: '7', instance: 'eu' },
    refreshTokenExpiresAt: at(86_400),
    ...overrides,
  });
  const accessToken = new Secret('access_token', 'the-token');
  return { ...token, sealed: await sealToken(sealer, token, accessToken) };
}

const opened = async (token: StoredToken) => (await openStoredToken(sealer, token))?.reveal();

/** What a table writer may try, so that a token goes elsewhere or lives longer. */
const alterations: readonly (readonly [string, Partial<StoredToken>])[] = [
  ['another address to send it to', { apiBaseUrl: 'https://thief.example.com' }],
  ['another place in the request', { present: { in: 'query', name: 'token', scheme: '' } }],
  [
    'another part of the request',
    { present: { in: 'query', name: 'Authorization', scheme: 'Bearer' } },
  ],
  ['another header', { present: { in: 'header', name: 'X-Log-This', scheme: 'Bearer' } }],
  ['another scheme', { present: { in: 'header', name: 'Authorization', scheme: 'Basic' } }],
  ['another value', { values: { realm: '8', instance: 'eu' } }],
  ['one value more', { values: { realm: '7', instance: 'eu', host: 'thief.example.com' } }],
  ['one value less', { values: { realm: '7' } }],
  ['values exchanged', { values: { realm: 'eu', instance: '7' } }],
  ['another type', { tokenType: 'MAC' }],
  ['a later end', { expiresAt: at(360_000) }],
  ['another source of its end', { expirySource: 'default' }],
  ['a later beginning', { obtainedAt: at(3000) }],
  ['a wider scope', { scope: 'read write' }],
  ['a later end of its refresh token', { refreshTokenExpiresAt: at(864_000) }],
];

describe('an access token under its seal', () => {
  it('opens in its row as it was written', async () => {
    expect(await opened(await aSealed())).toBe('the-token');
  });

  it.each(alterations)('does not open in a row that was given %s', async (_, alteration) => {
    const token = await aSealed();

    expect(await reasonOf(opened({ ...token, ...alteration }))).toBe('beside_altered');
  });

  it.each(['apiBaseUrl', 'expiresAt', 'scope', 'refreshTokenExpiresAt'] as const)(
    'does not open in a row that lost its %s',
    async (member) => {
      const token = await aSealed();

      expect(await reasonOf(opened(without(token, member)))).toBe('beside_altered');
    },
  );

  it('does not open without saying what stands beside it, nor one sealed so with it', async () => {
    const token = await aSealed();
    const { client, connection, fence } = token;
    const binding = { client, connection, fence };
    const bare = await sealer.seal('access_token', binding, 'the-token');

    const asBare = sealer.open('access_token', binding, token.sealed ?? '');

    expect(await reasonOf(asBare)).toBe('beside_altered');
    expect(await reasonOf(opened({ ...token, sealed: bare }))).toBe('beside_altered');
  });

  it('opens whatever becomes of the connection’s state and of a claim', async () => {
    const token = await aSealed();

    const later: StoredToken = {
      ...token,
      state: 'needs_reauth',
      reason: 'grant_dead',
      since: at(60),
      warning: { code: 'refresh_failing', since: at(60) },
      retryAt: at(120),
      refreshClaimedUntil: at(90),
    };

    expect(await opened(later)).toBe('the-token');
  });

  it('opens after every way that a row or a message takes, whatever the values are', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    const values = fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      text,
      { maxKeys: 5 },
    );

    await fc.assert(
      fc.asyncProperty(values, async (kept) => {
        const token = await aSealed({ values: kept });
        for (const carried of carry(token)) expect(await opened(carried)).toBe('the-token');
      }),
      { numRuns: 40 },
    );
  });
});

/** The token as it comes out of the table, the queue, a reply, and a grant that is pending. */
function carry(token: StoredToken): readonly StoredToken[] {
  const key = aKey();
  const reversed = Object.fromEntries(Object.entries(token.values).toReversed());
  const row = parseTokenRow('tokens', attributes(buildTokenRow(token)));
  const recovery = { ...key, fence: token.fence, answer: aCommitted(), token };
  const reply = { outcome: 'refreshed', state: 'active', token } as const;
  const payload: unknown = JSON.parse(JSON.stringify(buildRefreshReply(key, reply)));
  const replied = parseRefreshReply(payload).token;
  const pending = { completionHash: 'c', expiresAt: at(600), allowAccountSwitch: false };
  const held = { ...pending, connection: aNewConnection(), token };
  if (row.state === 'revoked' || !replied) throw new Error('a token was lost on its way');
  return [
    row,
    { ...row, values: reversed },
    parseRecoveryMessage(buildRecoveryMessage(recovery)).token,
    replied,
    parsePending('connections', attributes(buildPending(held)), 'c').token,
  ];
}

describe('vending a token whose row was altered', () => {
  it.each(alterations)('refuses one with %s, and asks for nothing in its stead', async (_, to) => {
    const token = { ...(await aSealed()), ...to };
    const world = vendWorld();

    const vending = world.vend({}, { sealer, tokens: memoryTokenStore(token) });

    await expect(vending).rejects.toMatchObject({ code: 'SEALED_VALUE_INVALID' });
    expect(world.refreshes).toEqual([]);
  });

  it('takes an end that was put earlier for what it says: the token is refreshed, not opened', async () => {
    const token = { ...(await aSealed()), expiresAt: at(-1) };
    const newer = await aSealed({ fence: 2 });
    const world = vendWorld({
      refresh: () => ({ outcome: 'refreshed', state: 'active', token: newer }),
    });

    const vended = await world.vend({}, { sealer, tokens: memoryTokenStore(token) });

    expect(vended.accessToken.reveal()).toBe('the-token');
    expect(vended.token.fence).toBe(2);
  });

  it('refuses a refresh’s reply that was altered on its way', async () => {
    const token = await aSealed({ expiresAt: at(-1) });
    const newer = { ...(await aSealed({ fence: 2 })), apiBaseUrl: 'https://thief.example.com' };
    const world = vendWorld({
      refresh: () => ({ outcome: 'refreshed', state: 'active', token: newer }),
    });

    const vending = world.vend({}, { sealer, tokens: memoryTokenStore(token) });

    await expect(vending).rejects.toMatchObject({ code: 'SEALED_VALUE_INVALID' });
  });
});
