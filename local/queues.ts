import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import {
  type Properties,
  readArnReference,
  readTextProperty,
  type ServiceDefinition,
} from './service-definition.ts';

type QueueAttributes = Readonly<Record<string, string>>;

/** Fixed when a queue is made. */
const lastingAttributes = ['FifoQueue', 'DeduplicationScope', 'FifoThroughputLimit'];

/** May be changed later. */
const changingAttributes = [
  'ContentBasedDeduplication',
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
];

const redriveSchema = v.object({ deadLetterTargetArn: v.unknown(), maxReceiveCount: v.number() });

/** ARN of a queue of the local stack. */
export function queueArn(queueName: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${queueName}`;
}

/**
 * Creates the queues that `serverless.yml` declares. A queue that is there already keeps its
 * messages and gets the declared attributes.
 *
 * @returns each queue's name by its logical id.
 */
export async function createQueues(
  sqs: SQSClient,
  { queues }: Pick<ServiceDefinition, 'queues'>,
): Promise<Readonly<Record<string, string>>> {
  const names = Object.fromEntries(
    Object.entries(queues).map(([id, properties]) => [
      id,
      readTextProperty(properties, 'QueueName'),
    ]),
  );
  for (const properties of Object.values(queues).toSorted(deadLettersFirst)) {
    await createQueue(sqs, readTextProperty(properties, 'QueueName'), {
      lasting: pickAttributes(properties, lastingAttributes),
      changing: {
        ...pickAttributes(properties, changingAttributes),
        ...buildRedrivePolicy(properties, names),
      },
    });
  }
  return names;
}

/** SQS makes no queue before the one for its dead letters, which has none of its own. */
function deadLettersFirst(one: Properties, other: Properties): number {
  return Number(one.RedrivePolicy !== undefined) - Number(other.RedrivePolicy !== undefined);
}

async function createQueue(
  sqs: SQSClient,
  name: string,
  { lasting, changing }: { readonly lasting: QueueAttributes; readonly changing: QueueAttributes },
): Promise<void> {
  const url = await findQueueUrl(sqs, name);
  if (url === undefined) {
    await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { ...lasting, ...changing } }),
    );
  } else if (Object.keys(changing).length > 0) {
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: changing }));
  }
}

async function findQueueUrl(sqs: SQSClient, name: string): Promise<string | undefined> {
  try {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    return QueueUrl;
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return undefined;
    throw error;
  }
}

/** SQS has all attributes as text. */
function pickAttributes(properties: Properties, wanted: readonly string[]): QueueAttributes {
  return Object.fromEntries(
    wanted
      .filter((attribute) => properties[attribute] !== undefined)
      .map((attribute) => [attribute, String(properties[attribute])]),
  );
}

function buildRedrivePolicy(
  { RedrivePolicy: declared }: Properties,
  names: Readonly<Record<string, string>>,
): QueueAttributes {
  if (declared === undefined) return {};
  const { deadLetterTargetArn, maxReceiveCount } = v.parse(redriveSchema, declared);
  const target = readArnReference(deadLetterTargetArn);
  const name = names[target];
  if (name === undefined) throw new Error(`serverless.yml: there is no queue ${target}`);
  return {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(name), maxReceiveCount }),
  };
}
