import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listDefinedProviders } from '../../../local/simulators/defined/defined-provider.ts';
import { aPlayground, type PlaygroundUnderTest } from './a-playground.ts';

const definition = {
  name: 'harbour',
  title: 'Harbour',
  documentation: 'https://developers.harbour.example/oauth',
  params: { boat: { of: 'connection', description: 'Name of the boat' } },
  authorize: { url: 'https://harbour.example/start', params: { boat: '{boat}' } },
  token: { url: 'https://harbour.example/token' },
  grants: { authorization_code: {}, refresh_token: {} },
};

let folder: string;
let playground: PlaygroundUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'definitions-'));
  writeFileSync(join(folder, 'harbour.json'), JSON.stringify(definition));
  playground = await aPlayground(listDefinedProviders(folder));
});
afterEach(async () => {
  await playground.close();
  rmSync(folder, { recursive: true });
});

it('a provider that is simulated from its definition has a card that asks for its params', async () => {
  const text = await (await playground.open('/')).text();

  const card = /<article class="card harbour">[\s\S]*?<\/article>/.exec(text)?.[0] ?? '';
  expect(card).toContain('<code class="registration">harbour-acme</code>');
  expect(card).toContain('<label>Name of the boat<input name="boat"');
  expect(card).toContain('Connect in the browser');
});

it('params that the form asks for begin the connection', async () => {
  const location = `${playground.fake.stack.api}/authorize?session=s`;
  playground.fake.answer({
    'POST /connect-sessions': { status: 201, body: { authorize_url: location, expires_at: 1 } },
  });

  await playground.connect({ client: 'harbour-acme', connection: 'ann', boat: 'Petrel' });

  expect(playground.fake.sent('POST', '/connect-sessions')?.body).toEqual({
    client: 'harbour-acme',
    connection: 'ann',
    params: { boat: 'Petrel' },
    return_url: `${playground.url}/`,
  });
});
