import { expect, it } from 'vitest';
import { providerEndpoints } from '../../../lib/oauth/provider-endpoints.ts';
import { systemClock } from '../../../lib/time.ts';
import { startHttpServer } from '../../../local/http-server.ts';

const settings = {
  ALLOWED_PROVIDER_HOSTS: ['127.0.0.1', 'localhost'],
  NODE_TLS_REJECT_UNAUTHORIZED: '',
};

/** Asks a server on this machine, over plain http, as the endpoints of a stage would. */
async function askHere(STAGE: string) {
  let requests = 0;
  const server = await startHttpServer(
    () => {
      requests += 1;
      return { status: 200, headers: {}, body: '{}' };
    },
    { port: 0, maxBodyBytes: 1024 },
  );
  const { transport } = providerEndpoints({ ...settings, STAGE }, systemClock);
  const asked = await transport({ method: 'POST', url: server.url, headers: {} }, 5000).catch(
    (error: unknown) => error,
  );
  await server.close();
  return { asked, requests };
}

it('are reached on this machine and over plain http in the stage local', async () => {
  expect(await askHere('local')).toMatchObject({ asked: { status: 200 }, requests: 1 });
});

it.each(['dev', 'prod', 'Local', 'local-2'])(
  'are not in the stage %s, whatever hosts its operator allows',
  async (stage) => {
    expect(await askHere(stage)).toMatchObject({
      asked: { trouble: 'address_refused', sent: false },
      requests: 0,
    });
  },
);
