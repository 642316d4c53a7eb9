import { buildApp } from 'fauxqs';
// Its own start function listens on every address of the machine. These make the same server on the
// loopback address alone; the package does not export them, and its version is fixed.
import { PersistenceManager } from '../node_modules/fauxqs/dist/persistence.js';
import { S3Store } from '../node_modules/fauxqs/dist/s3/s3Store.js';
import { SnsStore } from '../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { loopback, type RunningServer } from './http-server.ts';

/**
 * Starts a stand-in for SQS (fauxqs).
 *
 * It finds a queue by the last part of its URL. A receive gives one message of a group at a time,
 * and a deduplication id counts for the whole queue.
 *
 * @param port - 0 for any free one.
 * @param dataDir - where messages are kept; without one they end with the server.
 */
export async function startQueues({
  port,
  dataDir,
}: {
  readonly port: number;
  readonly dataDir?: string;
}): Promise<RunningServer> {
  const sqsStore = new SqsStore();
  const snsStore = new SnsStore();
  // Queue URLs then have the address that was asked, which resolves; its own host name does not.
  sqsStore.host = '';

  const persistence = dataDir === undefined ? undefined : new PersistenceManager(dataDir);
  if (persistence !== undefined) {
    persistence.loadSqsAndSns(sqsStore, snsStore);
    sqsStore.persistence = persistence;
    for (const queue of sqsStore.allQueues()) queue.persistence = persistence;
  }

  const app = buildApp({
    logger: false,
    defaultRegion: 'us-east-1',
    stores: { sqsStore, snsStore, s3Store: new S3Store() },
  });
  const url = await app.listen({ port, host: loopback });
  return {
    url,
    close: async () => {
      sqsStore.shutdown();
      app.server.closeAllConnections();
      await app.close();
      persistence?.close();
    },
  };
}
