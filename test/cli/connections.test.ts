import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamodbConnectionStore } from '../../lib/aws/dynamodb-connection-store.ts';
import { systemClock } from '../../lib/time.ts';
import { aKey, aNewConnection } from '../support/connections.ts';
import { sendToProvider } from '../support/functions.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { type Operator, startOperator } from '../support/operator.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await startOperator();
  for (const client of ['acme', 'listed', 'many', 'part']) {
    await operator.stack.register(client, registrationAt(operator.stack.provider.url));
  }
});
afterAll(() => operator.close());
beforeEach(() => {
  operator.watch.request = () => undefined;
});

const lines = (client: string, ...connections: readonly string[]) =>
  connections
    .map((connection) =>
      JSON.stringify({
        client,
        connection,
        access_token: `canary-access-${connection}`,
        refresh_token: `canary-refresh-${connection}`,
        expires_at: 1_900_000_000,
      }),
    )
    .join('\n');
const importing = (client: string, ...connections: readonly string[]) =>
  operator.run('connections import --json', { input: lines(client, ...connections) });

/** A connection that nobody has to be asked for. */
async function storeConnection(client: string, connection: string) {
  const dynamodb = new DynamoDBClient({
    endpoint: operator.stack.servers.dynamodb.url,
    ...localCredentials,
  });
  const name = 'evergrant-local-connections';
  const store = dynamodbConnectionStore({ client: dynamodb, name, dueShards: 8 });
  await store.connect(aNewConnection(aKey(connection, client)), undefined);
  dynamodb.destroy();
}

describe('connections import', () => {
  it('brings tokens by the rules of PUT, and shows none', async () => {
    const { code, json, output, notes } = await importing('acme', 'imp-1', 'imp-2');

    expect(code).toBe(0);
    expect(json()).toEqual({ imported: 2, skipped: 0, failed: [], left: 0 });
    expect(`${output}${notes}${operator.log()}`).not.toContain('canary');
    expect(await operator.functions.vend({ client: 'acme', connection: 'imp-1' })).toMatchObject({
      access_token: 'canary-access-imp-1',
      expires_at: 1_900_000_000,
      expiry_source: 'import',
    });
  });

  it('leaves alone what is there, unless it is told otherwise', async () => {
    await importing('acme', 'kept');
    const list = operator.file('list.json', [
      { client: 'acme', connection: 'kept', access_token: 'another' },
    ]);
    const vended = async () =>
      (await operator.functions.vend({ client: 'acme', connection: 'kept' })).access_token;

    const skipped = await operator.run(`connections import ${list} --json`);
    expect(skipped.json()).toMatchObject({ imported: 0, skipped: 1 });
    expect(await vended()).toBe('canary-access-kept');
    await operator.run(`connections import ${list} --overwrite`);
    expect((await operator.run('vend acme/kept --reveal --json')).json().access_token).toBe(
      'another',
    );
  });

  it('imports nothing of a file that is not valid, and repeats nothing of it', async () => {
    const input = [
      lines('acme', 'valid'),
      '',
      '{"client":"acme","connection":"x","token":"canary"}',
      lines('acme', 'valid'),
      '{"client":"Acme","connection":"x"}',
    ].join('\n');

    const { code, json, output } = await operator.run('connections import --json', { input });

    expect(code).toBe(2);
    expect(json().problems).toEqual([
      'line 3: token is not a known member',
      'line 4: the same connection as line 1',
      'line 5: client and connection are not well formed',
    ]);
    expect(output).not.toContain('canary');
    expect((await operator.run('connections show acme/valid')).code).toBe(5);
    const malformed = await operator.run('connections import', { input: '{"canary' });
    expect(malformed).toMatchObject({ code: 2, notes: 'usage: line 1 is not JSON\n' });
  });

  it('goes on after one that fails, and names it', async () => {
    const input = `${lines('acme', 'good')}\n{"client":"acme","connection":"bad"}\n${lines('nobody', 'x')}`;

    const { code, json } = await operator.run('connections import --json', { input });

    expect(code).toBe(1);
    expect(json()).toMatchObject({ imported: 1, left: 0 });
    expect(
      json().failed.toSorted((a: { line: number }, b: { line: number }) => a.line - b.line),
    ).toMatchObject([
      { line: 2, connection: 'acme/bad', error: 'invalid_request' },
      { line: 3, connection: 'nobody/x', error: 'unknown_client' },
    ]);
  });

  it('finishes what is at hand at Ctrl-C, and the same command does the rest', async () => {
    const interruption = new AbortController();
    const ids = Array.from({ length: 12 }, (_, index) => `c${index}`);
    operator.watch.request = (request) => request.startsWith('PUT') && interruption.abort();

    const first = await operator.run('connections import --json', {
      input: lines('part', ...ids),
      interruption: interruption.signal,
    });
    const { imported, left } = first.json();

    expect(first.code).toBe(130);
    expect(imported).toBeGreaterThan(0);
    expect(imported + left).toBe(12);
    const second = await importing('part', ...ids);
    expect(second.json()).toEqual({ imported: left, skipped: imported, failed: [], left: 0 });
  });
});

describe('connections list and show', () => {
  it('list all of a client, page by page, and those of one state', async () => {
    // A page holds 50.
    const ids = Array.from({ length: 51 }, (_, index) => `c${100 + index}`);
    await Promise.all(ids.map((id) => storeConnection('listed', id)));

    const { json } = await operator.run('connections list listed --json');

    expect(json().connections.map(({ connection }: { connection: string }) => connection)).toEqual(
      ids,
    );
    const dead = await operator.run('connections list listed --state needs_reauth --json');
    expect(dead.json()).toEqual({ connections: [] });
    expect((await operator.run('connections list listed')).output.split('\n')[1]).toMatch(
      /^c100 +active +20\d\d-/,
    );
  });

  it('show one, and end with 5 for nobody', async () => {
    await importing('acme', 'shown');

    expect((await operator.run('connections show acme/shown')).output).toMatch(/^state +active$/m);
    expect(await operator.run('connections show acme/nobody')).toMatchObject({
      code: 5,
      output: '',
      notes: 'unknown_connection: there is no such connection; connect it first\n',
    });
    expect((await operator.run('connections list nobody')).code).toBe(5);
  });
});

describe('vend', () => {
  it('hides the token wherever it stands, unless it is asked for', async () => {
    await importing('acme', 'vended');

    for (const how of ['', ' --function evergrant-local-vend']) {
      const { code, output, json } = await operator.run(`vend acme/vended --json${how}`);
      expect(code).toBe(0);
      expect(output).not.toContain('canary');
      expect(json()).toMatchObject({ state: 'active', expires_at: 1_900_000_000 });
      const { output: shown } = await operator.run(`vend acme/vended --reveal${how}`);
      expect(shown).toContain('Bearer canary-access-vended');
    }
  });

  it('ends in the words of the interface, over HTTP and directly', async () => {
    for (const how of ['', ' --function evergrant-local-vend']) {
      const { code, json } = await operator.run(`vend acme/nobody --json${how}`);
      expect(code).toBe(5);
      expect(json()).toMatchObject({ error: 'unknown_connection', status: 404 });
    }
    expect((await operator.run('vend acme/x --function evergrant-local-none')).code).toBe(5);
  });
});

describe('connections refresh', () => {
  const age = async (table: 'connections' | 'tokens', connection: string) => {
    const attribute = table === 'tokens' ? 'obtained_at' : 'last_refreshed_at';
    const client = new DynamoDBClient({
      endpoint: operator.stack.servers.dynamodb.url,
      ...localCredentials,
    });
    await client.send(
      new UpdateItemCommand({
        TableName: `evergrant-local-${table}`,
        Key: { pk: { S: `acme/${connection}` } },
        UpdateExpression: `SET ${attribute} = ${attribute} - :minutes`,
        ExpressionAttributeValues: { ':minutes': { N: '120' } },
      }),
    );
    client.destroy();
  };

  it('has a token that still lives renewed', async () => {
    await importing('acme', 'renewed');
    await age('tokens', 'renewed');
    operator.stack.provider.answerWith(() => tokenReply({ access_token: 'canary-new' }));

    const { code, json, output } = await operator.run('connections refresh acme/renewed --json');

    expect(code).toBe(0);
    expect(json()).toMatchObject({ client: 'acme', connection: 'renewed', refreshed: true });
    expect(output).not.toContain('canary');
    expect(operator.stack.provider.calls.at(-1)?.form).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'canary-refresh-renewed',
    });
  });

  it('has one that ended renewed, by one call', async () => {
    await importing('acme', 'ended');
    await age('connections', 'ended');
    await operator.stack.makeDue(aKey('ended'));
    const before = operator.stack.provider.calls.length;

    expect((await operator.run('connections refresh acme/ended')).code).toBe(0);

    expect(operator.stack.provider.calls).toHaveLength(before + 1);
  });

  it('ends with 7 and the reason where the token is too young', async () => {
    await importing('acme', 'young');

    const { code, output } = await operator.run('connections refresh acme/young');

    expect(code).toBe(7);
    expect(output).toBe(
      'acme/young was not refreshed: its token is younger than 60 s; ask again later\n',
    );
  });

  it('ends with 6 where only its owner can help', async () => {
    await importing('acme', 'dead');
    await operator.stack.makeDue(aKey('dead'));
    operator.stack.provider.answerWith(() => ({
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"error":"invalid_grant"}',
    }));

    const { code, json } = await operator.run('connections refresh acme/dead --json');

    expect(code).toBe(6);
    expect(json()).toMatchObject({ error: 'reauthorization_required', reason: 'grant_dead' });
  });
});

describe('connections revoke', () => {
  it('ends one', async () => {
    await importing('acme', 'over');

    expect((await operator.run('connections revoke acme/over --json')).json()).toEqual({
      revoked: ['acme/over'],
    });

    expect((await operator.run('connections revoke acme/over')).code).toBe(5);
  });

  it('ends all of a client, after they were counted and confirmed', async () => {
    await importing('many', 'a', 'b', 'c', 'd', 'e');
    const asked = await operator.run('connections revoke --client many --json');
    expect(asked.code).toBe(2);
    expect(asked.json()).toMatchObject({ error: 'not_confirmed', connections: 5 });

    const { code, json, notes } = await operator.run(
      'connections revoke --client many --yes --json',
    );

    expect(code).toBe(0);
    expect(json()).toEqual({ revoked: 5, failed: [], left: 0 });
    expect(notes).toMatch(/5\/5 connections, .*\/s/);
    expect((await operator.run('connections list many --json')).json().connections).toEqual([]);
  });

  it('says where it stands at Ctrl-C, and the same command does the rest', async () => {
    await importing('many', 'a', 'b', 'c', 'd', 'e', 'f');
    const interruption = new AbortController();
    operator.watch.request = (request) => request.startsWith('DELETE') && interruption.abort();

    const first = await operator.run('connections revoke --client many --yes --json', {
      interruption: interruption.signal,
    });

    expect(first.code).toBe(130);
    const { revoked, left } = first.json();
    expect(revoked + left).toBe(6);
    operator.watch.request = () => undefined;
    const rest = await operator.run('connections revoke --client many --yes --json');
    expect(rest.json()).toEqual({ revoked: left, failed: [], left: 0 });
  });
});

describe('connect', () => {
  it('prints the link, waits, and reports the connection', async () => {
    operator.stack.provider.answerWith(() => tokenReply());
    const comeBack = async () => {
      const address = { client: 'acme', connection: 'ann' };
      const { state, cookies } = await sendToProvider(operator.functions, address);
      await operator.functions.comeBack('acme', `code=c&state=${state}`, cookies);
    };
    let looked = 0;
    operator.watch.request = (request) => {
      if (request.startsWith('GET')) looked += 1;
      // The person comes back between the second look and the third.
      return looked === 2 && comeBack();
    };
    const clock = { ...systemClock, sleep: () => new Promise<void>(setImmediate) };

    const { code, json, notes } = await operator.run('connect acme/ann --json', { clock });

    expect(code).toBe(0);
    expect(json()).toMatchObject({
      client: 'acme',
      connection: 'ann',
      status: 'connected',
      connection_state: { state: 'active' },
    });
    expect(notes).toContain(json().authorize_url);
  });

  it('prints the link and nothing else when it is not to wait', async () => {
    const { code, output } = await operator.run('connect acme/bob --no-wait');

    expect(code).toBe(0);
    expect(output).toMatch(/^http:\/\/127\.0\.0\.1:3000\/authorize\?session=[\w-]{43}\n$/);
  });

  it('ends its waiting at Ctrl-C, and says how long the link is good', async () => {
    const interruption = new AbortController();
    interruption.abort();

    const { code, output } = await operator.run('connect acme/bob', {
      interruption: interruption.signal,
    });

    expect(code).toBe(130);
    expect(output).toMatch(/^Not connected yet; the link is good until 20\d\d-/);
  });

  it('passes on what the interface has to say', async () => {
    const { code, json } = await operator.run(
      'connect acme/bob --return-url https://elsewhere.example/ --json',
    );

    expect(code).toBe(2);
    expect(json().error_description).toContain('return_url is not one of return_urls');
  });
});

describe('connections mark-uncertain', () => {
  it('marks those whose refresh token may have been replaced, and no others', async () => {
    await operator.stack.register('strict', registrationAt(operator.stack.provider.url));
    await importing('strict', 'ann', 'bob');
    const { url } = operator.stack.provider;
    const none = { token: { url: `${url}/token` }, rotation: 'none' };
    await operator.stack.register('lasting', registrationAt(url, { provider_overrides: none }));
    await importing('lasting', 'ann');

    const one = await operator.run('connections mark-uncertain --client strict --json');
    const all = await operator.run('connections mark-uncertain --json');

    expect(one).toMatchObject({ code: 0 });
    expect(one.json()).toMatchObject({ clients: ['strict'], marked: 2, untouched: 0, left: 0 });
    expect(all.json().clients).toEqual(expect.arrayContaining(['acme', 'lasting', 'strict']));
    const rows = await operator.stack.rows('connections');
    const intents = Object.fromEntries(rows.map((row) => [row.pk?.S, row.intent !== undefined]));
    expect(intents).toMatchObject({
      'strict/ann': true,
      'strict/bob': true,
      'lasting/ann': false,
    });
    // What is in doubt is still vended.
    expect((await operator.run('vend strict/ann')).code).toBe(0);
  });
});
