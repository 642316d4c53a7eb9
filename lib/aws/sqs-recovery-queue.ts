import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { RecoveryQueue } from '../broker/queue-ports.ts';
import { buildRecoveryMessage } from './recovery-message.ts';
import type { Queue } from './sqs-refresh-queue.ts';
import { calling } from './store-fault.ts';

/** The recovery queue: the last place for an answer that the table did not take. */
export function sqsRecoveryQueue({ client, url }: Queue): RecoveryQueue {
  return {
    send: async (message) => {
      await calling({ store: 'recovery-queue', operation: 'send' }, () =>
        client.send(
          new SendMessageCommand({ QueueUrl: url, MessageBody: buildRecoveryMessage(message) }),
        ),
      );
    },
  };
}
