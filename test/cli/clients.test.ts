import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, startOperator } from '../support/operator.ts';
import { registrationAt } from '../support/scripted-provider.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await startOperator();
});
afterAll(() => operator.close());

const registration = (overrides: object = {}) =>
  registrationAt(operator.stack.provider.url, { ...overrides });
const put = (name: string, overrides: object = {}) =>
  operator.run(`clients put ${name} --json`, { input: JSON.stringify(registration(overrides)) });

describe('clients put', () => {
  it('stores a valid registration, and names the redirect URI', async () => {
    const { code, json } = await put('new');

    expect(code).toBe(0);
    expect(json()).toMatchObject({ outcome: 'created', repin_needed: false });
    expect(json().redirect_uri).toMatch(/\/callback\/new$/);
    expect((await operator.run('clients list --json')).json().clients).toContainEqual({
      client: 'new',
      changed_at: expect.any(Number),
    });
  });

  it('writes nothing that is stored so already, and says what was changed', async () => {
    await put('twice');
    const file = operator.file('twice.json', registration());

    expect((await operator.run(`clients put twice ${file} --json`)).json().outcome).toBe(
      'unchanged',
    );
    expect((await put('twice', { scope: 'read' })).json().outcome).toBe('changed');
  });

  it('stores nothing that is not valid, names what is wrong, and repeats nothing of it', async () => {
    const input = JSON.stringify({ ...registration(), client_secret: 5, secret: 'canary-1' });

    const { code, json, output } = await operator.run('clients put wrong --json', { input });

    expect(code).toBe(2);
    expect(json()).toMatchObject({
      error: 'registration_invalid',
      problems: ['client_secret must be a string', 'secret is not a known member'],
    });
    expect(output).not.toContain('canary-1');
    expect((await operator.run('clients show wrong')).code).toBe(5);
  });

  it('warns that connections are not followed to another client id or origin', async () => {
    await put('moved');

    const { json } = await put('moved', { client_id: 'client-2' });

    expect(json()).toMatchObject({ outcome: 'changed', repin_needed: true });
  });
});

describe('clients show', () => {
  it('hides every secret, and what may be one', async () => {
    const url = operator.stack.provider.url;
    await put('shown', {
      client_secret: 'canary-secret',
      token_request_headers: { 'x-key': 'canary-header' },
      provider_overrides: {
        token: { url: `${url}/token`, headers: { 'x-a': 'canary-2' }, params: { key: 'canary-3' } },
      },
    });

    const { code, json, output } = await operator.run('clients show shown --json');

    expect(code).toBe(0);
    expect(output).not.toContain('canary');
    expect(json()).toMatchObject({
      client_id: 'client-id',
      secrets: 1,
      token_request_headers: ['x-key'],
      provider_overrides: { token: { url: `${url}/token`, headers: { 'x-a': '(hidden)' } } },
      origins: [url],
    });
  });
});

describe('clients check', () => {
  it('says what is unset and which page may tell it', async () => {
    await put('checked');

    const { code, output } = await operator.run('clients check checked');

    expect(code).toBe(0);
    expect(output).toMatch(/^checked \(OAuth 2\.0\) is valid, and its hosts resolve/);
    expect(output).toMatch(
      /unset {2}rotation: .*\n +see https:\/\/www\.rfc-editor\.org\/rfc\/rfc6749, set provider_overrides\.rotation/,
    );
  });

  it('finds a host whose address may not be called', async () => {
    // A literal, so that nobody is asked for it.
    await put('inside', { provider_overrides: { token: { url: 'https://10.0.0.1/token' } } });

    const { code, json } = await operator.run('clients check inside --json');

    expect(code).toBe(3);
    expect(json().findings[0]).toMatchObject({
      level: 'wrong',
      about: 'token.url',
      mend: expect.stringContaining('allowedProviderHosts'),
    });
  });

  it('ends with 3 for a stored registration that is not valid', async () => {
    await operator.stack.register('broken', { provider: 'nobody', client_id: 'x' });

    const { code, notes } = await operator.run('clients check broken');

    expect(code).toBe(3);
    expect(notes).toMatch(/^registration_invalid: .*\n {2}provider must be one of/);
  });
});

describe('clients lanes', () => {
  it('are as deployed, until they are set, and again once that is taken back', async () => {
    await put('wide');
    const lanes = async (...given: readonly string[]) =>
      (await operator.run(['clients', 'lanes', 'wide', ...given, '--json'])).json();

    expect(await lanes()).toEqual({ client: 'wide' });
    expect(await lanes('8')).toEqual({ client: 'wide', lanes: 8 });
    expect(await lanes()).toEqual({ client: 'wide', lanes: 8 });
    expect(await lanes('default')).toEqual({ client: 'wide' });
  });

  it.each(['0', '101', '1.5', 'many'])('are not %s', async (given) => {
    await put('bounded');

    const { code, notes } = await operator.run(`clients lanes bounded ${given}`);

    expect(code).toBe(2);
    expect(notes).toContain('lanes is a whole number from 1 to 100');
    expect((await operator.run('clients lanes bounded')).output).toContain('lanesPerClient');
  });

  it('are those of a client that is there', async () => {
    expect((await operator.run('clients lanes nobody 4')).code).toBe(5);
  });
});

describe('clients repin', () => {
  const changed = async (name: string) => {
    await put(name);
    const input = ['a', 'b']
      .map((connection) => JSON.stringify({ client: name, connection, refresh_token: 'r' }))
      .join('\n');
    await operator.run('connections import', { input });
    await put(name, { client_id: 'client-2' });
  };

  it('says what it would do, and does nothing, without --yes', async () => {
    await changed('plan');

    expect((await operator.run('clients check plan')).output).toContain(
      'WRONG  client_id: 2 of 2 connections',
    );
    const { code, json } = await operator.run('clients repin plan --json');

    expect(code).toBe(3);
    expect(json()).toMatchObject({ pinned_otherwise: 2, repinned: 0, left: 2 });
    expect(json().from).toEqual([expect.stringContaining('client_id client-id at http')]);
    expect((await operator.run('clients repin plan')).code).toBe(3);
  });

  it('pins every connection anew, once', async () => {
    await changed('really');

    const { code, json } = await operator.run('clients repin really --yes --json');

    expect(code).toBe(0);
    expect(json()).toMatchObject({ repinned: 2, busy: 0, left: 0 });
    expect((await operator.run('clients check really')).code).toBe(0);
    const again = await operator.run('clients repin really --yes --json');
    expect(again.json()).toMatchObject({ pinned_otherwise: 0, repinned: 0 });
  });
});
