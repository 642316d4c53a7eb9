import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Session } from '../session.ts';
import { type Check, type Diagnosis, isLocal, looking, ok, redeploy, wrong } from './diagnosis.ts';

/** A queue of the deployment, and what to do about messages that lie in it. */
interface ExpectedQueue {
  readonly name: string;
  /** Of a dead-letter queue only: what its messages are, and the way out. */
  readonly dead?: (queue: { readonly url: string; readonly arn: string }) => {
    readonly what: string;
    readonly mend: string;
  };
}

const redrive = (arn: string) => `aws sqs start-message-move-task --source-arn ${arn}`;

/** Every queue, by the part of its name that follows the stage. */
export const expectedQueues: readonly ExpectedQueue[] = [
  { name: 'refresh.fifo' },
  {
    name: 'refresh-dead.fifo',
    dead: ({ url }) => ({
      what: 'refresh messages failed; what is due is sent again by itself, so they are not needed',
      mend: `read the log of refresh, then aws sqs purge-queue --queue-url ${url}`,
    }),
  },
  { name: 'recovery' },
  {
    name: 'recovery-dead',
    dead: ({ arn }) => ({
      what: "answers of providers are not stored: the only copy of their connections' tokens",
      mend: `repair the table, then ${redrive(arn)}`,
    }),
  },
  { name: 'revoke' },
  {
    name: 'revoke-dead',
    dead: ({ arn }) => ({
      what: 'tokens of deleted connections may still live at their provider',
      mend: `look at the provider and the log of revoke, then ${redrive(arn)}`,
    }),
  },
  {
    name: 'events-dead',
    dead: ({ url }) => ({
      what: 'events could not be published: others do not know of them',
      mend: `docs/operations.md, "Events that were not published", then aws sqs purge-queue --queue-url ${url}`,
    }),
  },
];

/** Whether the queues are there, and the dead-letter queues empty. */
export const checkQueues: Check = async (session) => {
  const found = expectedQueues.map((queue) => {
    const name = `evergrant-${session.stage()}-${queue.name}`;
    return looking(name, () => lookAt(session, name, queue));
  });
  return (await Promise.all(found)).flat();
};

async function lookAt(
  session: Session,
  name: string,
  { dead }: ExpectedQueue,
): Promise<readonly Diagnosis[]> {
  const client = session.aws().sqs();
  const url = await findUrl(client, name);
  if (url === undefined) {
    const mend = isLocal(session) ? 'end the local stack, start it again' : redeploy(session);
    return [wrong(name, 'the queue does not exist', mend)];
  }
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesDelayed',
        'ApproximateNumberOfMessagesNotVisible',
        'QueueArn',
      ],
    }),
  );
  const { ApproximateNumberOfMessages: waiting = 0, QueueArn: arn = '' } = Attributes;
  const hidden = Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0);
  const count =
    Number(waiting) + hidden + Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0);
  if (!dead || count === 0) return [ok(name, `${count} messages`)];
  const { what, mend } = dead({ url, arn });
  return [wrong(name, `${count} messages: ${what}`, mend)];
}

async function findUrl(client: SQSClient, QueueName: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined;
    throw error;
  }
}
