import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aHumanity, client, type HumanityUnderTest, login, tokenPath } from './a-humanity.ts';

let vendor: HumanityUnderTest;

beforeEach(async () => {
  vendor = await aHumanity();
});
afterEach(() => vendor.close());

describe('the control interface', () => {
  it('gives tokens the life that it was told', async () => {
    await vendor.control('settings', { access_token_seconds: 5 });
    const { access } = await vendor.connect();
    vendor.clock.advance(4);
    const before = await vendor.lives(access);
    vendor.clock.advance(1);

    expect([before, await vendor.lives(access)]).toEqual([true, false]);
  });

  it.each([
    ['given', 3600],
    ['absent', undefined],
    ['zero', 0],
  ])('reports the expiry as %s', async (reported, expiresIn) => {
    await vendor.control('settings', { reported_expiry: reported });

    const { body } = await vendor.postForm(tokenPath, login);

    expect(body.expires_in).toBe(expiresIn);
  });

  it('names a setting that is unknown or out of range, and changes nothing', async () => {
    const unknown = await vendor.control('settings', { rotations: 'none' });
    const absurd = await vendor.control('settings', { access_token_seconds: -1, rotation: 'none' });
    const now = await vendor.send('/_control/settings');

    expect(unknown).toMatchObject({
      status: 400,
      body: { problems: [expect.stringContaining('rotations')] },
    });
    expect(absurd.body.problems[0]).toContain('access_token_seconds');
    expect(now.body).toMatchObject({ access_token_seconds: 3600, rotation: 'strict' });
  });

  it('expires the access tokens of one account now, and leaves its refresh token', async () => {
    const ann = await vendor.connect();
    const ben = await vendor.connect({
      username: 'ben@acme.example',
      password: 'ben-demo-password',
    });

    const { body } = await vendor.control('expire', { client: 'humanity-acme', account: 'ann' });

    expect(body).toEqual({ expired: 1 });
    expect([await vendor.lives(ann.access), await vendor.lives(ben.access)]).toEqual([false, true]);
    expect((await vendor.refresh(ann.refresh)).status).toBe(200);
  });

  it('expires the one token whose SHA-256 it is given', async () => {
    const first = await vendor.connect();
    const second = await vendor.connect();
    const access_token_sha256 = createHash('sha256').update(first.access).digest('hex');

    const { body } = await vendor.control('expire', { access_token_sha256 });

    expect(body).toEqual({ expired: 1 });
    expect([await vendor.lives(first.access), await vendor.lives(second.access)]).toEqual([
      false,
      true,
    ]);
  });

  it('expires everything by an empty object, and refuses a client that it does not know', async () => {
    await vendor.connect();
    await vendor.connect();

    expect((await vendor.control('expire', { client: 'nobody' })).status).toBe(400);
    expect((await vendor.control('expire', {})).body).toEqual({ expired: 2 });
  });

  it('fails the next token requests by a status and a Retry-After, then works again', async () => {
    await vendor.control('fail', { status: 429, retry_after_seconds: 7, count: 2 });

    const replies = [1, 2, 3].map(() => vendor.postForm(tokenPath, login));
    const [first, second, third] = await Promise.all(replies);

    expect([first?.status, second?.status, third?.status].toSorted()).toEqual([200, 429, 429]);
    const failed = [first, second, third].find((reply) => reply?.status === 429);
    expect(failed?.headers.get('retry-after')).toBe('7');
  });

  it('answers a token request with a web page', async () => {
    await vendor.control('fail', { html: true });

    const reply = await vendor.postForm(tokenPath, login);

    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toContain('text/html');
  });

  it('drops a token request, and has carried it out where it was told to', async () => {
    const { refresh: token } = await vendor.connect();
    await vendor.control('fail', { drop: true, after_processing: true });

    await expect(vendor.refresh(token)).rejects.toThrow();

    expect((await vendor.refresh(token)).status).toBe(400);
  });

  it('drops a token request without carrying it out otherwise', async () => {
    const { refresh: token } = await vendor.connect();
    await vendor.control('fail', { drop: true });

    await expect(vendor.refresh(token)).rejects.toThrow();

    expect((await vendor.refresh(token)).status).toBe(200);
  });

  it('leaves a token request hanging, and still closes', async () => {
    await vendor.control('fail', { hang: true });
    const hanging = vendor.postForm(tokenPath, login);
    const ended = expect(hanging).rejects.toThrow();

    await vendor.send('/_control/log');
    await vendor.close();

    await ended;
    vendor = await aHumanity();
  });

  it.each([{}, { status: 200 }, { status: 503, count: 0 }, { explode: true }])(
    'refuses the order %o',
    async (order) => {
      expect((await vendor.control('fail', order)).status).toBe(400);
    },
  );

  it('logs what was called and how it ended, and no credential', async () => {
    const { access } = await vendor.connect();
    await vendor.refresh('dead-canary');
    await vendor.lives(access);

    const { body, text } = await vendor.send('/_control/log');

    expect(body.calls).toMatchObject([
      { kind: 'token', grant_type: 'password', status: 200, outcome: 'granted' },
      { kind: 'token', grant_type: 'refresh_token', status: 400, outcome: 'invalid_grant' },
      { kind: 'api', status: 200, outcome: 'served' },
    ]);
    for (const secret of [access, 'dead-canary', client.client_secret, login.password]) {
      expect(text).not.toContain(secret);
    }
  });

  it('forgets tokens, settings, troubles and calls on reset', async () => {
    const { access } = await vendor.connect();
    await vendor.control('settings', { access_token_seconds: 5 });
    await vendor.control('fail', { status: 503 });

    await vendor.control('reset', {});

    expect((await vendor.send('/_control/log')).body).toEqual({ calls: [] });
    expect((await vendor.postForm(tokenPath, login)).body.expires_in).toBe(3600);
    expect(await vendor.lives(access)).toBe(false);
  });

  it('changes nothing for a form, which any web page could send', async () => {
    const { access } = await vendor.connect();

    const refused = await vendor.postForm('/_control/reset', {});

    expect(refused.status).toBe(400);
    expect(await vendor.lives(access)).toBe(true);
  });
});
