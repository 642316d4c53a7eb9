import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ann, aPlayground, type PlaygroundUnderTest } from './a-playground.ts';

let playground: PlaygroundUnderTest;

beforeEach(async () => {
  playground = await aPlayground();
});
afterEach(() => playground.close());

const anEvent = {
  version: '0',
  id: 'e-1',
  'detail-type': 'connection.connected',
  detail: {
    sequence: 1795386613304000,
    occurred_at: 1795386613,
    client: 'hurma-acme',
    connection: '<b>ann',
  },
};

describe('the events', () => {
  it('are on the page and in a part of their own, whole, with nothing of them taken for markup', async () => {
    playground.fake.answer({
      'GET /events': { status: 200, body: { events: [anEvent, { of: 'another form' }] } },
    });

    for (const path of ['/', '/events']) {
      const text = await (await playground.open(path)).text();

      expect(text).toContain('<code>connection.connected</code>');
      expect(text).toContain('hurma-acme/&#60;b&#62;ann');
      expect(text).toContain('data-at="1795386613"');
      expect(text).toContain('1795386613304000');
      expect(text).not.toContain('<b>ann');
      expect(text.match(/<details/g)?.length).toBe(path === '/' ? 2 : 1);
    }
  });

  it('say so where nothing has happened, and where they cannot be had', async () => {
    expect(await (await playground.open('/events')).text()).toContain('Nothing has happened yet');

    playground.fake.answer({ 'GET /events': { status: 500, body: {} } });

    expect(await (await playground.open('/events')).text()).toContain('cannot be had');
    expect((await playground.open('/')).status).toBe(200);
  });
});

describe('the page', () => {
  it('offers every demonstration client, and allows no script but its own', async () => {
    const page = await playground.open('/');
    const text = await page.text();

    expect(page.status).toBe(200);
    for (const client of ['hurma-acme', 'hurdlr-acme', 'humanity-acme', 'hypersku-acme']) {
      expect(text).toContain(`>${client}</code>`);
    }
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
  });

  it('has patterns that a browser can read, and that take what the interface takes', async () => {
    const text = await (await playground.open('/')).text();
    const patterns = [...text.matchAll(/name="(client|connection)"[^>]* pattern="([^"]+)"/g)];

    expect(patterns.length).toBeGreaterThan(5);
    for (const [, name, pattern] of patterns) {
      const expected = name === 'client' ? 'acme-crm' : 'a-b_c.d~e@f';
      expect(new RegExp(`^(?:${pattern})$`, 'v').test(expected)).toBe(true);
    }
  });

  it.each([
    ['/playground.css', 'text/css'],
    ['/playground.js', 'text/javascript'],
    ['/icon.svg', 'image/svg+xml'],
  ])('brings %s', async (path, type) => {
    const asset = await playground.open(path);

    expect(asset.headers.get('content-type')).toContain(type);
    expect((await asset.text()).length).toBeGreaterThan(100);
  });

  it.each([
    ['connected', '', 'Connected.'],
    ['denied', 'access_denied', 'denied it'],
    ['failed', 'account_mismatch', 'another account'],
  ])('says how a connection ended: %s', async (status, error, words) => {
    const page = await playground.open(`/?connection=ann&status=${status}&error=${error}`);

    expect(await page.text()).toContain(words);
  });

  it('repeats nothing of its own query', async () => {
    const page = await playground.open('/?status=<b>canary&error=canary&connection=canary');

    expect(await page.text()).not.toContain('canary');
  });
});

describe('the table of connections', () => {
  it('shows the state of each connection of every registered client', async () => {
    playground.fake.answer({
      'GET /connections': {
        status: 200,
        body: {
          connections: [
            {
              ...ann,
              provider: 'hurma',
              state: 'needs_reauth',
              reason: 'grant_dead',
              access_token_expires_at: 1_790_000_000,
              failures: 3,
            },
          ],
        },
      },
    });

    const text = await (await playground.open('/connections')).text();

    expect(playground.fake.seen.map(({ path }) => path)).toContain(
      '/connections?client=hurma-acme',
    );
    for (const part of ['hurma-acme/ann', 'Needs consent', 'grant dead', 'data-at="1790000000"']) {
      expect(text).toContain(part);
    }
  });

  it('escapes what the interface answers', async () => {
    const connection = { ...ann, provider: 'x', state: '<script>alert(1)</script>' };
    playground.fake.answer({
      'GET /connections': { status: 200, body: { connections: [connection] } },
    });

    expect(await (await playground.open('/connections')).text()).not.toContain('<script');
  });

  it('takes the word of a function that failed for a failure, whatever its status', async () => {
    const failed = { status: 200, body: { errorMessage: '[504] - Lambda timeout.' } };
    playground.fake.answer({ 'GET /connections': failed });

    const text = await (await playground.open('/connections')).text();

    expect(text).toContain('hurma-acme cannot be listed (502)');
  });

  it('says which list it cannot have', async () => {
    playground.fake.answer({ 'GET /connections': { status: 503, body: {} } });

    expect(await (await playground.open('/connections')).text()).toContain(
      'hurma-acme cannot be listed (503)',
    );
  });

  it('says that the stack does not answer', async () => {
    await playground.fake.close();

    expect(await (await playground.open('/connections')).text()).toContain('does not answer');
  });
});

describe('who may use the playground', () => {
  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a change asked for by a page of %s', async (_, headers) => {
    const answer = await playground.connect(ann, headers);

    expect(answer.status).toBe(403);
    expect(playground.fake.seen).toEqual([]);
  });

  it('takes a change asked for by its own page', async () => {
    playground.fake.answer({
      'POST /connect-sessions': { status: 201, body: { authorize_url: 'http://127.0.0.1/a' } },
    });
    const own = { origin: playground.url, 'sec-fetch-site': 'same-origin' };

    expect((await playground.connect(ann, own)).status).toBe(303);
  });

  it.each(['/nowhere', '/actions/vend', '/actions/constructor', '/assets/../server.ts'])(
    'has nothing at GET %s',
    async (path) => {
      expect((await playground.open(path)).status).toBe(404);
    },
  );
});
