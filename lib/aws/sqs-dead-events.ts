import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { DeadLetters } from '../broker/publish-events.ts';
import type { Queue } from './sqs-refresh-queue.ts';
import { calling } from './store-fault.ts';

const place = { store: 'events-dead-queue', operation: 'send' };

/** The dead-letter queue of events, which AWS writes to as well for records that became too old. */
export function sqsDeadEvents({ client, url }: Queue): DeadLetters {
  return {
    send: async ({ position, code, problems, key, event }) => {
      const letter = {
        version: 1,
        stream_sequence_number: position,
        code,
        problems,
        ...key,
        event: event && { 'detail-type': event.type, detail: event.detail },
      };
      const command = new SendMessageCommand({
        QueueUrl: url,
        MessageBody: JSON.stringify(letter),
      });
      await calling(place, () => client.send(command));
    },
  };
}
