import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { loopback } from './http-server.ts';

/** Offsets from the port base, by what listens there. */
const offsets = {
  /** The HTTP API, as API Gateway has it. */
  api: 0,
  /** serverless-offline's own Lambda endpoint, reached through the gateway only. */
  functions: 1,
  /** The Lambda endpoint. */
  lambda: 2,
  dynamodb: 3,
  secretsManager: 4,
  sqs: 5,
  playground: 6,
  hurma: 7,
  hurdlr: 8,
  humanity: 9,
  hypersku: 10,
  eventBridge: 11,
} as const;

export type PortName = keyof typeof offsets;

export type Ports = Readonly<Record<PortName, number>>;

const portCount = Object.keys(offsets).length;

/** Below are ports that only an administrator may use; above there is no room for the last one. */
const lowestBase = 1024;
const highestBase = 65_536 - portCount;

/** Where everything listens, from the port base. */
export function buildPorts(base: number): Ports {
  return Object.fromEntries(
    Object.entries(offsets).map(([name, offset]) => [name, base + offset]),
  ) as Record<PortName, number>;
}

/**
 * Reads the setting EVERGRANT_PORT_BASE.
 *
 * @throws {Error} saying what it may be.
 */
export function readPortBase(text: string | undefined): number {
  const base = Number(text?.trim() || 3000);
  if (Number.isInteger(base) && base >= lowestBase && base <= highestBase) return base;
  throw new Error(`EVERGRANT_PORT_BASE must be a number from ${lowestBase} to ${highestBase}`);
}

/** The address of something that listens on `port` of this machine. */
export function localUrl(port: number): string {
  return `http://${loopback}:${port}`;
}

/**
 * Makes sure that every port is free, so that the stack starts whole or not at all.
 *
 * @throws {Error} naming the first port that is in use, and the setting that moves them all.
 */
export async function assertPortsFree(base: number): Promise<void> {
  const taken = await findTakenPort(base);
  if (taken === undefined) return;
  throw new Error(
    `port ${taken} is in use; end what listens there, or set EVERGRANT_PORT_BASE (now ${base}) ` +
      `to another number from which ${portCount} ports are free`,
  );
}

/** A port base from which every port is free at this moment. */
export async function findFreePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    // Below the range from which systems hand out ports to outgoing connections.
    const base = randomInt(10_000, 32_000 - portCount);
    if ((await findTakenPort(base)) === undefined) return base;
  }
  throw new Error(`no ${portCount} free ports in a row were found`);
}

async function findTakenPort(base: number): Promise<number | undefined> {
  for (const port of Object.values(buildPorts(base))) {
    if (!(await isFree(port))) return port;
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, loopback, () => probe.close(() => resolve(true)));
  });
}
