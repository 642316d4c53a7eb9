import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { vended } from './a-fake-stack.ts';
import { ann, aPlayground, type PlaygroundUnderTest, vendPath } from './a-playground.ts';

let playground: PlaygroundUnderTest;

beforeEach(async () => {
  playground = await aPlayground();
});
afterEach(() => playground.close());

describe('using a connection', () => {
  it('vends by direct invoke, and masks the token but for the member that reveals it', async () => {
    playground.fake.answer({ [vendPath]: { status: 200, body: vended } });

    const { result } = await playground.act('vend');

    expect(result).toMatchObject({ ok: true, token: vended.access_token });
    expect(result.detail).not.toContain(vended.access_token);
    expect(playground.fake.seen.at(-1)?.body).toEqual(ann);
  });

  it('vends over HTTP with a signature', async () => {
    const path = '/connections/hurma-acme/ann/token';
    playground.fake.answer({ [`POST ${path}`]: { status: 200, body: vended } });

    const { result } = await playground.act('vend-http');

    expect(result).toMatchObject({ ok: true, token: vended.access_token });
    expect(playground.fake.sent('POST', path)?.headers.authorization).toContain(
      'Credential=local/',
    );
  });

  it('shows a failure of the interface by its code', async () => {
    const body = { error: 'reauthorization_required', status: 409, reason: 'grant_dead' };
    playground.fake.answer({ [vendPath]: { status: 200, body } });

    const { status, result } = await playground.act('vend');

    expect(status).toBe(200);
    expect(result).toMatchObject({ ok: false, title: '409 reauthorization_required' });
  });

  it.each([
    ['header', 'Authorization', `Bearer ${vended.access_token}`],
    ['query', 'access_token', vended.access_token],
  ])('calls the API with the token in the %s, as present says', async (place, name, value) => {
    const present = { in: place, name, value };
    const api_base_url = `${playground.fake.stack.api}/api/v3`;
    playground.fake.answer({
      [vendPath]: { status: 200, body: { ...vended, present, api_base_url } },
      'GET /api/v3/users': { status: 200, body: { echo: vended.access_token } },
    });

    const { result } = await playground.act('call');

    const call = playground.fake.seen.at(-1);
    const inQuery = place === 'query';
    expect(call?.path).toBe(`/api/v3/users${inQuery ? `?access_token=${value}` : ''}`);
    expect(call?.headers.authorization).toBe(inQuery ? undefined : value);
    expect(result).toMatchObject({ ok: true, title: 'The API answered 200' });
    expect(JSON.stringify(result)).not.toContain(vended.access_token);
  });

  it('makes a token due in both tables, and ends that very token at the provider', async () => {
    playground.fake.answer({ [vendPath]: { status: 200, body: vended } });

    const { result } = await playground.act('expire');

    const updates = playground.fake.seen.filter(({ body }) => body?.UpdateExpression !== undefined);
    expect(result).toMatchObject({ ok: true });
    expect(updates.map(({ body }) => [body.TableName, body.Key.pk.S])).toEqual([
      ['evergrant-local-tokens', 'hurma-acme/ann'],
      ['evergrant-local-connections', 'hurma-acme/ann'],
    ]);
    expect(updates[1]?.body.UpdateExpression).toContain('refresh_at = :now');
    expect(updates[1]?.body.ExpressionAttributeValues).toEqual({
      ':now': { N: '1790000000' },
      ':active': { S: 'active' },
      ':failing': { S: 'failing' },
    });
    expect(playground.fake.sent('POST', '/_control/expire')?.body.access_token_sha256).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });

  it('expires nothing where there is no connection', async () => {
    playground.fake.answer({
      [vendPath]: { status: 200, body: { error: 'unknown_connection', status: 404 } },
      'DynamoDB_20120810.UpdateItem': {
        status: 400,
        body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' },
      },
    });

    expect((await playground.act('expire')).result).toMatchObject({
      ok: false,
      title: 'Nothing to expire',
    });
  });

  it('refreshes by making the token due and asking for one', async () => {
    playground.fake.answer({
      'POST /connections/hurma-acme/ann/token': { status: 200, body: vended },
    });

    const { result } = await playground.act('refresh');

    expect(result).toMatchObject({ ok: true });
    expect(
      playground.fake.seen.some(({ body }) => body?.TableName === 'evergrant-local-tokens'),
    ).toBe(true);
  });

  it('disconnects', async () => {
    playground.fake.answer({ 'DELETE /connections/hurma-acme/ann': { status: 204, body: {} } });

    expect((await playground.act('disconnect')).result).toMatchObject({ ok: true });
  });

  it.each([[{}], [{ client: 'hurma-acme' }], [{ client: '../x', connection: 'ann' }], [[]], ['x']])(
    'refuses an address that is none: %o',
    async (input) => {
      expect((await playground.act('vend', input)).status).toBe(400);
    },
  );

  it('says so when a part of the stack does not answer', async () => {
    await playground.fake.close();

    expect(await playground.act('vend')).toMatchObject({ status: 502, result: { ok: false } });
  });
});
