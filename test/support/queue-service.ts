import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localCredentials } from './local-credentials.ts';
import { nameOfItsOwn, startQueueService } from './services.ts';

/** A message as it lies in a queue. */
export interface QueuedMessage {
  readonly body: string;
  readonly groupId: string | undefined;
}

/** A running SQS, and queues of its own for each test. */
export async function startSqs() {
  const server = await startQueueService();
  const client = new SQSClient({
    endpoint: server.url,
    useQueueUrlAsEndpoint: false,
    ...localCredentials,
  });
  /** @returns the queue's URL. */
  const createQueue = async (name: string, Attributes: Readonly<Record<string, string>> = {}) => {
    await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return `${server.url}/000000000000/${name}`;
  };
  return {
    client,
    createQueue,
    createStandardQueue: () => createQueue(nameOfItsOwn('queue')),
    createFifoQueue: () => createQueue(`${nameOfItsOwn('queue')}.fifo`, { FifoQueue: 'true' }),
    /** All messages of a queue that are visible, in order; they are gone afterwards. */
    takeAll: (url: string) => takeAll(client, url),
    close: async () => {
      client.destroy();
      await server.close();
    },
  };
}

export type Sqs = Awaited<ReturnType<typeof startSqs>>;

/** All messages of a queue that are visible, in order; they are gone afterwards. */
export async function takeAll(sqs: SQSClient, QueueUrl: string): Promise<readonly QueuedMessage[]> {
  const received: QueuedMessage[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    if (Messages.length === 0) return received;
    for (const { Body, Attributes, ReceiptHandle } of Messages) {
      received.push({ body: Body ?? '', groupId: Attributes?.MessageGroupId });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}
