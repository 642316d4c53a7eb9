import { join } from 'node:path';
import { type Clock, systemClock } from '../../lib/time.ts';
import { demoClients, type VendorName } from './demo-accounts.ts';
import { humanity } from './humanity.ts';
import { hurdlr } from './hurdlr.ts';
import { hurma } from './hurma.ts';
import { hypersku } from './hypersku.ts';
import type { SimulatorUrls } from './registrations.ts';
import type { CommonSettings } from './settings.ts';
import type { RunningServer } from './simulated-http.ts';
import { startSimulator } from './simulator.ts';
import type { Vendor } from './vendor.ts';

export { demoRegistrations, hyperskuRefreshOverrides } from './registrations.ts';

export interface SimulatorsInput {
  /** 0 takes any free port. */
  readonly ports: Readonly<Record<VendorName, number>>;
  /** Decides the redirect URIs that the vendors have registered. No slash at the end. */
  readonly publicBaseUrl: string;
  /** A folder in which the vendors' state outlives a restart; absent: in memory only. */
  readonly stateDir?: string;
  readonly clock?: Clock;
}

export interface RunningSimulators {
  readonly urls: SimulatorUrls;
  readonly close: () => Promise<void>;
}

/** Starts the four simulated vendors on 127.0.0.1. When one cannot start, none stays. */
export async function startSimulators(input: SimulatorsInput): Promise<RunningSimulators> {
  const started: RunningServer[] = [];
  const close = async () => {
    await Promise.all(started.map((server) => server.close()));
  };
  const start = async <S extends CommonSettings>(
    name: VendorName,
    vendor: Vendor<S>,
  ): Promise<string> => {
    const server = await startVendor(name, vendor, input);
    started.push(server);
    return server.url;
  };
  try {
    const urls = {
      hurma: await start('hurma', hurma),
      hurdlr: await start('hurdlr', hurdlr),
      humanity: await start('humanity', humanity),
      hypersku: await start('hypersku', hypersku),
    };
    return { urls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startVendor<S extends CommonSettings>(
  name: VendorName,
  vendor: Vendor<S>,
  { ports, publicBaseUrl, stateDir, clock = systemClock }: SimulatorsInput,
): Promise<RunningServer> {
  const clients = demoClients
    .filter((client) => client.vendor === name)
    .map((client) => ({ ...client, redirectUris: [`${publicBaseUrl}/callback/${client.name}`] }));
  return startSimulator(vendor, {
    port: ports[name],
    clients,
    clock,
    ...(stateDir === undefined ? {} : { stateFile: join(stateDir, `${name}.json`) }),
  });
}
