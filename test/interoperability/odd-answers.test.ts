import { decodeJwt } from 'jose';
import type { MutableResponse } from 'oauth2-mock-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aBroker } from './a-broker.ts';
import { connectedTo, login, type MockServer, startMockServer } from './a-mock-server.ts';

let server: MockServer;
beforeAll(async () => {
  server = await startMockServer();
});
afterAll(() => server.close());

describe('a server that sends no iss with its answers (RFC 9207 §2.4)', () => {
  it('connects a client whose definition declares none', async () => {
    const broker = aBroker(
      server.registration({ authorize: { url: `${server.issuer}/authorize` } }),
    );

    const ending = await broker.connect();
    const reply = await broker.refresh();

    expect(ending.status).toBe('connected');
    expect(reply.outcome).toBe('refreshed');
  });

  it('is not believed where the definition declares one, and no code is exchanged', async () => {
    const broker = aBroker(
      server.registration({
        authorize: { url: `${server.issuer}/authorize`, issuer: server.issuer },
      }),
    );

    const ending = await broker.connect();

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
    expect(broker.requests).toEqual([]);
  });
});

describe('a success that is not quite RFC 6749 §5.1', () => {
  it('without expires_in lives until the exp of its JWT', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => remove(body, 'expires_in'));

    await login(broker);

    const { token, accessToken } = await broker.vend();
    expect(token.expirySource).toBe('jwt');
    expect(token.expiresAt).toBe(decodeJwt(accessToken.reveal()).exp);
  });

  it('without expires_in and with an opaque token has an unknown end, and is not scheduled', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => {
      remove(body, 'expires_in');
      Object.assign(body, { access_token: 'opaque' });
    });

    await login(broker);

    const { token } = await broker.vend();
    expect(token).toMatchObject({ expirySource: 'unknown' });
    expect(token).not.toHaveProperty('expiresAt');
    expect(await broker.row()).not.toHaveProperty('refreshAt');
  });

  it('without token_type is taken for Bearer', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => remove(body, 'token_type'));

    await login(broker);

    expect((await broker.vend()).token.tokenType).toBe('Bearer');
  });

  it('without scope was granted what was asked for', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => remove(body, 'scope'));

    await login(broker);

    expect((await broker.vend()).token.scope).toBe('read write');
  });

  it('with further members of every kind is read as if they were not there', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => Object.assign(body, furtherMembers));

    const { created } = await login(broker);

    const { token } = await broker.vend();
    expect(created).toBe(true);
    expect(token.values).toEqual({});
    expect(JSON.stringify([token, await broker.row()])).not.toContain('not asked for');
  });

  it('of another token type than Bearer is refused (RFC 6749 §7.1)', async () => {
    const broker = aBroker(server.registration());
    server.answerNext(({ body }) => Object.assign(body, { token_type: 'DPoP' }));

    await expect(login(broker)).rejects.toMatchObject({
      code: 'PROVIDER_ANSWER_INVALID',
      context: { trouble: 'token_type' },
    });
  });
});

describe('a refusal that is not quite RFC 6749 §5.2', () => {
  it.each([
    ['invalid_grant in an object', { error: { code: 'invalid_grant', message: 'gone' } }],
    ['invalid_grant in capitals', { error: 'INVALID_GRANT' }],
    ['invalid_grant among others', { error: 'invalid_grant', status: 400, trace: ['a', 'b'] }],
  ])('%s is the end of the grant', async (_name, body) => {
    const broker = await connectedTo(server);
    server.answerOnceWith(400, body);

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead' });
  });

  it.each([
    ['a message alone', { message: 'bad request' }],
    ['an error that nobody knows', { error: 'E1042' }],
    ['nothing', '' as const],
  ])('%s at status 400 fails the refresh and proves nothing dead', async (_name, body) => {
    const broker = await connectedTo(server);
    server.answerOnceWith(400, body);

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', state: 'failing' });
    expect(await broker.row()).toMatchObject({ state: 'failing', failures: 1 });
    expect((await broker.vend()).warning).toBeDefined();
  });

  it('an error at status 200 is an error, not a token', async () => {
    const broker = await connectedTo(server);
    server.answerNext(({ body }) => Object.assign(body, { error: 'invalid_client' }));

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'client_refused' } });
    expect((await broker.row()).state).toBe('active');
  });

  it('is in words that nothing passes on', async () => {
    const broker = await connectedTo(server);
    server.answerOnceWith(400, { error: 'not asked for', error_description: 'not asked for' });

    const reply = await broker.refresh();

    expect(JSON.stringify([reply, broker.log.lines])).not.toContain('not asked for');
  });
});

const furtherMembers = {
  id_token: 'not asked for',
  not_before_policy: 0,
  user: { name: 'not asked for', roles: ['not asked for'] },
  nothing: null,
  constructor: 'not asked for',
};

function remove(body: MutableResponse['body'], name: string): void {
  if (body !== '') delete body[name];
}
