import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { RevocationQueue } from '../broker/queue-ports.ts';
import { buildRevocationMessage } from './revocation-message.ts';
import type { Queue } from './sqs-refresh-queue.ts';
import { calling } from './store-fault.ts';

/** The revocation queue: tokens of connections that are gone here already. */
export function sqsRevocationQueue({ client, url }: Queue): RevocationQueue {
  return {
    send: async (message) => {
      await calling({ store: 'revocation-queue', operation: 'send' }, () =>
        client.send(
          new SendMessageCommand({ QueueUrl: url, MessageBody: buildRevocationMessage(message) }),
        ),
      );
    },
  };
}
