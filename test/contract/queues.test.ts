import { SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll } from 'vitest';
import { parseRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { parseRefreshMessage } from '../../lib/aws/refresh-message.ts';
import { parseRevocationMessage } from '../../lib/aws/revocation-message.ts';
import { sqsRecoveryQueue } from '../../lib/aws/sqs-recovery-queue.ts';
import { sqsRefreshQueue } from '../../lib/aws/sqs-refresh-queue.ts';
import { sqsRevocationQueue } from '../../lib/aws/sqs-revocation-queue.ts';
import { localCredentials } from '../support/local-credentials.ts';
import {
  memoryRecoveryQueue,
  memoryRefreshQueue,
  memoryRevocationQueue,
} from '../support/memory-queues.ts';
import { movingClock } from '../support/moving-clock.ts';
import { recoveryQueueContract, refreshQueueContract, revocationQueueContract } from './queues.ts';

let server: FauxqsServer;
let client: SQSClient;
let queues = 0;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  client = new SQSClient({
    endpoint: `http://127.0.0.1:${server.port}`,
    ...localCredentials,
    useQueueUrlAsEndpoint: false,
  });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

/** A queue of its own for one test. */
function createQueue(attributes: Record<string, string> = {}) {
  queues += 1;
  const name = attributes.FifoQueue ? `queue-${queues}.fifo` : `queue-${queues}`;
  server.createQueue(name, { attributes });
  const messages = () => server.inspectQueue(name)?.messages.ready ?? [];
  return { url: `http://127.0.0.1:${server.port}/000000000000/${name}`, messages };
}

refreshQueueContract('in memory', async () => {
  const queue = memoryRefreshQueue();
  return { queue, sent: async () => queue.sent };
});
refreshQueueContract('on SQS', async () => {
  const { url, messages } = createQueue({ FifoQueue: 'true' });
  return {
    queue: sqsRefreshQueue({ client, url, clock: movingClock() }),
    sent: async () =>
      messages().map(({ body, messageGroupId = '' }) => {
        const message = parseRefreshMessage(body);
        const [group, lane] = messageGroupId.split('#');
        return { ...message, lane: group === message.client ? Number(lane) : Number.NaN };
      }),
  };
});

recoveryQueueContract('in memory', async () => {
  const queue = memoryRecoveryQueue();
  return { queue, sent: async () => queue.sent };
});
recoveryQueueContract('on SQS', async () => {
  const { url, messages } = createQueue();
  return {
    queue: sqsRecoveryQueue({ client, url }),
    sent: async () => messages().map(({ body }) => parseRecoveryMessage(body)),
  };
});

revocationQueueContract('in memory', async () => {
  const queue = memoryRevocationQueue();
  return { queue, sent: async () => queue.sent };
});
revocationQueueContract('on SQS', async () => {
  const { url, messages } = createQueue();
  return {
    queue: sqsRevocationQueue({ client, url }),
    sent: async () => messages().map(({ body }) => parseRevocationMessage(body)),
  };
});
