import { request } from 'node:http';
import { expect, it } from 'vitest';
import { startPlayground } from '../../../local/playground/server.ts';
import { aFakeStack } from './a-fake-stack.ts';

/** `fetch` sets the Host header itself, so this speaks HTTP a level lower. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject);
    sent.end();
  });
}

it('answers under the names of this machine only, so that a rebound name sees nothing', async () => {
  const fake = await aFakeStack();
  const playground = await startPlayground({ port: 0, stack: fake.stack });

  const statuses = [
    await statusFor(playground.url, 'rebound.example:3006'),
    await statusFor(playground.url, '127.0.0.1.rebound.example'),
    await statusFor(playground.url, 'localhost:3006'),
  ];

  expect(statuses).toEqual([403, 403, 200]);
  await playground.close();
  await fake.close();
});
