import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseClientName } from '../../../lib/names.ts';
import { tokenRequestShape } from '../../../lib/providers/params.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';
import { demoClients } from '../../../local/simulators/demo-accounts.ts';
import {
  demoRegistrations,
  hyperskuRefreshOverrides,
  startSimulators,
} from '../../../local/simulators/start.ts';

const publicBaseUrl = 'http://127.0.0.1:3000';
const urls = {
  hurma: 'http://127.0.0.1:3007',
  hurdlr: 'http://127.0.0.1:3008',
  humanity: 'http://127.0.0.1:3009',
  hypersku: 'http://127.0.0.1:3010',
};
const anyPorts = { hurma: 0, hurdlr: 0, humanity: 0, hypersku: 0 };

it('starts four vendors on free ports, each with its state in the folder', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'simulators-'));
  const running = await startSimulators({ ports: anyPorts, publicBaseUrl, stateDir });

  for (const url of Object.values(running.urls)) {
    const reset = await fetch(`${url}/_control/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(reset.status).toBe(200);
  }

  await running.close();
  const files = ['humanity.json', 'hurdlr.json', 'hurma.json', 'hypersku.json'];
  expect(readdirSync(stateDir).toSorted()).toEqual(files);
  rmSync(stateDir, { recursive: true });
});

it('leaves nothing listening when one port is taken', async () => {
  const first = await startSimulators({ ports: anyPorts, publicBaseUrl });
  const taken = Number(new URL(first.urls.hypersku).port);

  const second = startSimulators({ ports: { ...anyPorts, hypersku: taken }, publicBaseUrl });

  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});

it.each(demoClients)(
  'gives $name a registration that fits the real definition and points at a simulator',
  ({ name, vendor, clientId, grants }) => {
    const registration = demoRegistrations({ urls, publicBaseUrl })[name];

    const client = resolveClient(parseClientName(name), JSON.stringify(registration), 'v1');

    expect(client.clientId).toBe(clientId);
    expect(client.returnUrls).toEqual(['http://127.0.0.1:3006/']);
    for (const grant of grants) {
      expect(new URL(tokenRequestShape(client, grant).url).origin).toBe(urls[vendor]);
    }
    if (grants.includes('authorization_code')) {
      expect(client.definition.authorize?.url?.startsWith(urls[vendor])).toBe(true);
    }
    expect(client.definition.api.base_url?.startsWith(urls[vendor])).toBe(true);
  },
);

it('leaves the refresh endpoint of HyperSKU unset, unless its override is added', () => {
  const registration = demoRegistrations({ urls, publicBaseUrl })['hypersku-acme'];
  const resolve = (overrides: object) =>
    resolveClient(
      parseClientName('hypersku-acme'),
      JSON.stringify({
        ...registration,
        provider_overrides: { ...registration?.provider_overrides, ...overrides },
      }),
      'v1',
    );

  expect(() => tokenRequestShape(resolve({}), 'refresh_token')).toThrow(
    expect.objectContaining({ code: 'REQUEST_INVALID' }),
  );
  expect(tokenRequestShape(resolve(hyperskuRefreshOverrides(urls)), 'refresh_token').url).toBe(
    `${urls.hypersku}/api/auth/admin/token/refresh_token`,
  );
});
