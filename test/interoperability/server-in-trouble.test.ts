import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seconds } from '../../lib/time.ts';
import { connectedTo, type MockServer, startMockServer } from './a-mock-server.ts';

let server: MockServer;
beforeAll(async () => {
  server = await startMockServer();
});
afterAll(() => server.close());

describe('a server in trouble', () => {
  it('answers 503 with a page: the living token is vended with a warning', async () => {
    const broker = await connectedTo(server, { rotation: 'none' });
    broker.register(
      server.registration({ rotation: 'none', token: { url: `${server.issuer}/proxy` } }),
    );

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'refresh_failing' } });
    expect((await broker.vend()).warning?.code).toBe('refresh_failing');
    const { refreshAt = 0, failingSince = 0 } = await broker.row();
    expect(refreshAt - failingSince).toBe(77);
  });

  it('answers again: the failure is forgotten', async () => {
    const broker = await connectedTo(server, { rotation: 'none' });
    server.answerOnceWith(503, '');
    await broker.refresh();
    broker.pass(3600);

    const { warning } = await broker.vend();

    expect(warning).toBeUndefined();
    expect(await broker.row()).toMatchObject({ state: 'active', failures: 0 });
  });

  it('answers too late: a token that may be spent is not sent again at once', async () => {
    const broker = await connectedTo(server);
    broker.register(server.registration({ token: { url: `${server.issuer}/late` } }));
    const calls = broker.requests.length;

    const reply = await broker.refresh({ providerTimeoutSeconds: seconds(1) });
    const again = await broker.refresh();
    const { warning } = await broker.vend();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'outcome_unknown' } });
    expect(again.outcome).toBe('failing');
    expect(broker.requests.length - calls).toBe(1);
    expect(warning?.code).toBe('outcome_unknown');
    expect((await broker.row()).intent).toBeDefined();
  });
});
