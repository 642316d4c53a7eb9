import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { loopback, type RunningServer } from './http-server.ts';
import { localUrl } from './ports.ts';

/**
 * Starts a stand-in for DynamoDB (dynalite).
 *
 * It has neither time to live nor streams nor transactions, and ignores
 * `ReturnValuesOnConditionCheckFailure`.
 *
 * @param port - 0 for any free one.
 * @param dataDir - where tables are kept; without one they end with the server.
 */
export async function startDynamoDb({
  port,
  dataDir,
}: {
  readonly port: number;
  readonly dataDir?: string;
}): Promise<RunningServer> {
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const server = dynalite({
    createTableMs: 0,
    ...(dataDir === undefined ? {} : { path: dataDir }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => resolve());
  });
  return {
    url: localUrl((server.address() as AddressInfo).port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
