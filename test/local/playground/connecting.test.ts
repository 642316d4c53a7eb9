import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ann, aPlayground, type PlaygroundUnderTest } from './a-playground.ts';

let playground: PlaygroundUnderTest;

beforeEach(async () => {
  playground = await aPlayground();
});
afterEach(() => playground.close());

describe('connecting', () => {
  it('begins a session as the operator, and sends the browser to authorize_url', async () => {
    const location = `${playground.fake.stack.api}/authorize?session=s`;
    playground.fake.answer({
      'POST /connect-sessions': { status: 201, body: { authorize_url: location, expires_at: 1 } },
    });

    const answer = await playground.connect(ann);

    const begun = playground.fake.sent('POST', '/connect-sessions');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(location);
    expect(begun?.body).toEqual({ ...ann, return_url: `${playground.url}/` });
    expect(begun?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/us-east-1\/execute-api\/aws4_request, /,
    );
  });

  it('shows the interface’s own words when it refuses', async () => {
    const body = { error: 'unknown_client', error_description: 'no such <client>', status: 404 };
    playground.fake.answer({ 'POST /connect-sessions': { status: 404, body } });

    const answer = await playground.connect(ann);

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('no such &#60;client&#62;');
  });

  it('says so on the page when the interface does not answer', async () => {
    await playground.fake.close();

    const answer = await playground.connect(ann);

    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('did not answer');
  });

  it.each([
    ['off', {}, false],
    ['on', { retain: 'on' }, true],
  ])('connects by password, retaining it when the box is %s', async (_, extra, retain) => {
    playground.fake.answer({
      'PUT /connections/hurma-acme/ann': { status: 201, body: { state: 'active' } },
    });

    const { result } = await playground.act('password', {
      ...ann,
      username: 'u',
      password: 'p',
      ...extra,
    });

    expect(result).toMatchObject({ ok: true });
    expect(playground.fake.sent('PUT', '/connections/hurma-acme/ann')?.body).toEqual({
      grant_type: 'password',
      username: 'u',
      password: 'p',
      retain_credentials: retain,
    });
  });

  it('connects by client credentials with the user id as a param', async () => {
    playground.fake.answer({
      'PUT /connections/hurma-acme/ann': { status: 201, body: { state: 'active' } },
    });

    await playground.act('client-credentials', { ...ann, userId: 'ann' });

    expect(playground.fake.sent('PUT', '/connections/hurma-acme/ann')?.body).toEqual({
      grant_type: 'client_credentials',
      params: { userId: 'ann' },
    });
  });
});
