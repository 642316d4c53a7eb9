import { describe, expect, it } from 'vitest';
import { buildStoredToken, scheduleAnswer } from '../../../lib/broker/kept-answer.ts';
import type { RenewalKind } from '../../../lib/broker/ports.ts';
import type { TokenAnswer } from '../../../lib/oauth/token-endpoint.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aKey, at } from '../../support/connections.ts';
import { aMoment } from '../../support/moving-clock.ts';
import { transparentSealer } from '../../support/transparent-sealer.ts';

const ports = { sealer: transparentSealer(), random: () => 0.5 };
const answer: TokenAnswer = {
  accessToken: new Secret('access_token', 'access-2'),
  tokenType: 'Bearer',
  expiresAt: at(3600),
  expirySource: 'expires_in',
  values: {},
  obtainedAt: aMoment,
};
const clientOf = (definition: Partial<DefinitionInput> = {}) =>
  aClient({ definition: aDefinition(definition) });

function keep(
  client = clientOf(),
  renewal: readonly RenewalKind[] = ['refresh_token'],
  changes: Partial<TokenAnswer> = {},
) {
  const changed = { ...answer, ...changes };
  const schedule = scheduleAnswer(ports, client, { answer: changed, renewal });
  const context = { ...aKey(), params: {}, values: {} };
  return buildStoredToken(ports, client, { context, answer: changed, fence: 2, schedule, renewal });
}

describe('a token is stored', () => {
  it('sealed for its own row and fence, with nothing of it in the open', async () => {
    const { sealed, ...open } = await keep();

    expect(sealed).toBe('sealed access_token acme/ann 2: access-2');
    expect(JSON.stringify(open)).not.toContain('access-2');
  });

  it.each([
    [{}, { in: 'header', name: 'Authorization', scheme: 'Bearer' }],
    [{ header: { name: 'X-Token', scheme: '' } }, { in: 'header', name: 'X-Token', scheme: '' }],
    [
      { token_in: 'query', query: { name: 'at' } },
      { in: 'query', name: 'at', scheme: '' },
    ],
  ] as const)('with how the API wants it, in one place (RFC 6750 §2): %j', async (api, present) => {
    expect(await keep(clientOf({ api }))).toMatchObject({ present });
  });

  it("with the API's address, where the definition knows it", async () => {
    const client = clientOf({ api: { base_url: 'https://api.example.com/v2' } });

    expect(await keep(client)).toMatchObject({ apiBaseUrl: 'https://api.example.com/v2' });
    expect(await keep()).not.toHaveProperty('apiBaseUrl');
  });

  it('with the values that its answer brings, beside those from before', async () => {
    const schedule = { expirySource: 'unknown' } as const;
    const context = { ...aKey(), params: {}, values: { realm: '1', site: 'eu' } };
    const brings = { ...answer, values: { site: 'us' } };

    const token = await buildStoredToken(ports, clientOf(), {
      ...{ context, answer: brings, fence: 2, schedule },
      renewal: [],
    });

    expect(token.values).toEqual({ realm: '1', site: 'us' });
  });

  it('without an end where none is known', async () => {
    const { expiresAt: _none, ...rest } = answer;
    const schedule = scheduleAnswer(ports, clientOf(), {
      answer: { ...rest, expirySource: 'unknown' },
      renewal: ['refresh_token'],
    });

    expect(schedule).toEqual({ expirySource: 'unknown' });
  });
});

describe('the announcement that renewal ends', () => {
  const client = clientOf({ grants: { authorization_code: {}, refresh_token: { url: null } } });

  it('comes with a token that nothing can renew', async () => {
    expect(await keep(clientOf(), [])).toMatchObject({
      warning: { code: 'renewal_expiring', since: at(1800) },
    });
  });

  it('comes also where there is a refresh token, and no endpoint to take it', async () => {
    expect(await keep(client)).toMatchObject({
      warning: { code: 'renewal_expiring', since: at(1800) },
    });
    expect(scheduleAnswer(ports, client, { answer, renewal: ['refresh_token'] })).toMatchObject({
      refreshAt: at(3600),
    });
  });

  it('comes with a refresh token that ends', async () => {
    expect(
      await keep(clientOf(), ['refresh_token'], { refreshTokenExpiresAt: at(30 * 86_400) }),
    ).toMatchObject({
      refreshTokenExpiresAt: at(30 * 86_400),
      warning: { code: 'renewal_expiring', since: at(23 * 86_400) },
    });
  });

  it('does not come where renewal has no end', async () => {
    expect(await keep()).not.toHaveProperty('warning');
  });
});
