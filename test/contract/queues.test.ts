import { afterAll, beforeAll } from 'vitest';
import { parseRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { parseRefreshMessage } from '../../lib/aws/refresh-message.ts';
import { parseRevocationMessage } from '../../lib/aws/revocation-message.ts';
import { sqsRecoveryQueue } from '../../lib/aws/sqs-recovery-queue.ts';
import { sqsRefreshQueue } from '../../lib/aws/sqs-refresh-queue.ts';
import { sqsRevocationQueue } from '../../lib/aws/sqs-revocation-queue.ts';
import {
  memoryRecoveryQueue,
  memoryRefreshQueue,
  memoryRevocationQueue,
} from '../support/memory-queues.ts';
import { movingClock } from '../support/moving-clock.ts';
import { type Sqs, startSqs } from '../support/queue-service.ts';
import { recoveryQueueContract, refreshQueueContract, revocationQueueContract } from './queues.ts';

let sqs: Sqs;
beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.close());

refreshQueueContract('in memory', async () => {
  const queue = memoryRefreshQueue();
  return { queue, sent: async () => queue.sent };
});
refreshQueueContract('on SQS', async () => {
  const url = await sqs.createFifoQueue();
  return {
    queue: sqsRefreshQueue({ client: sqs.client, url, clock: movingClock() }),
    sent: async () =>
      (await sqs.takeAll(url)).map(({ body, groupId = '' }) => {
        const message = parseRefreshMessage(body);
        const [group, lane] = groupId.split('#');
        return { ...message, lane: group === message.client ? Number(lane) : Number.NaN };
      }),
  };
});

recoveryQueueContract('in memory', async () => {
  const queue = memoryRecoveryQueue();
  return { queue, sent: async () => queue.sent };
});
recoveryQueueContract('on SQS', async () => {
  const url = await sqs.createStandardQueue();
  return {
    queue: sqsRecoveryQueue({ client: sqs.client, url }),
    sent: async () => (await sqs.takeAll(url)).map(({ body }) => parseRecoveryMessage(body)),
  };
});

revocationQueueContract('in memory', async () => {
  const queue = memoryRevocationQueue();
  return { queue, sent: async () => queue.sent };
});
revocationQueueContract('on SQS', async () => {
  const url = await sqs.createStandardQueue();
  return {
    queue: sqsRevocationQueue({ client: sqs.client, url }),
    sent: async () => (await sqs.takeAll(url)).map(({ body }) => parseRevocationMessage(body)),
  };
});
