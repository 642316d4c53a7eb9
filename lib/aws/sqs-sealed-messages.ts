import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { CountSealedMessages } from '../broker/key-ports.ts';
import { calling } from './store-fault.ts';

/** The queues whose messages carry sealed values. */
const queues = ['recovery', 'recovery-dead', 'revoke', 'revoke-dead'] as const;

/** Waiting, put off, and taken by a function that has not finished. */
const counts: QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
];

/** Counts the messages of a stage that carry sealed values. SQS itself calls its counts approximate. */
export function sqsSealedMessages({
  client,
  stage,
}: {
  readonly client: SQSClient;
  readonly stage: string;
}): CountSealedMessages {
  const place = { store: 'queues', operation: 'count' };
  return async () => {
    let waiting = 0;
    for (const queue of queues) {
      const name = `evergrant-${stage}-${queue}`;
      const attributes = await calling(place, async () => {
        const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
        return client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: counts }));
      });
      for (const count of counts) waiting += Number(attributes.Attributes?.[count] ?? 0);
    }
    return waiting;
  };
}
