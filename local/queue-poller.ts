import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { systemClock } from '../lib/time.ts';
import { queueArn } from './queues.ts';
import { buildSqsEvent, findDone } from './sqs-event.ts';

/** A queue and the function that its messages go to. */
export interface QueueRoute {
  readonly queueName: string;
  readonly functionName: string;
  /** How many messages go into one invocation. */
  readonly batchSize: number;
  /** How many invocations there are at once. */
  readonly maximumConcurrency: number;
  /** Whether the function's answer names the messages that failed. */
  readonly reportsFailures: boolean;
}

export interface QueuePollerOptions {
  /** Address of the queues, without a path. */
  readonly sqs: string;
  /** Address of the Lambda endpoint, without a path. */
  readonly lambda: string;
  readonly routes: readonly QueueRoute[];
}

export interface QueuePoller {
  /** Stops receiving; resolves when the invocations under way have ended. */
  readonly close: () => Promise<void>;
}

/** The most messages that SQS gives at once. */
const mostMessages = 10;

/** A receive waits this long for a message. */
const waitSeconds = 20;

/** How long a queue that does not answer is left alone. */
const pauseMs = 1000;

/**
 * Does what Lambda does for functions with queues as event sources: receives, invokes, and deletes
 * what was done. What failed becomes visible again by the queue's own visibility timeout.
 *
 * A route has several batches under way at once. SQS gives no message of a group of which one is
 * under way, so groups run in parallel and each in order.
 */
export function startQueuePoller({ sqs, lambda, routes }: QueuePollerOptions): QueuePoller {
  const client = new SQSClient({
    endpoint: sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
  const stop = new AbortController();
  const loops = routes.map((route) =>
    pollQueue(route, {
      client,
      queueUrl: `${sqs}/000000000000/${route.queueName}`,
      invokeUrl: `${lambda}/2015-03-31/functions/${route.functionName}/invocations`,
      signal: stop.signal,
    }),
  );
  return {
    close: async () => {
      stop.abort();
      await Promise.all(loops);
      client.destroy();
    },
  };
}

interface Connections {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly invokeUrl: string;
  readonly signal: AbortSignal;
}

async function pollQueue(route: QueueRoute, connections: Connections): Promise<void> {
  const underWay = new Set<Promise<void>>();
  while (!connections.signal.aborted) {
    const messages = await receiveMessages(route, connections);
    if (messages.length > 0) {
      const batch: Promise<void> = deliver(messages, route, connections)
        .catch((error: unknown) => {
          if (!connections.signal.aborted) console.error(`${route.functionName}:`, error);
        })
        .finally(() => underWay.delete(batch));
      underWay.add(batch);
    }
    if (underWay.size >= route.maximumConcurrency) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

async function receiveMessages(
  { batchSize }: QueueRoute,
  { client, queueUrl, signal }: Connections,
): Promise<readonly Message[]> {
  try {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: Math.min(batchSize, mostMessages),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: signal },
    );
    return Messages;
  } catch (error) {
    if (!signal.aborted) {
      console.error(`${queueUrl}:`, error);
      await systemClock.sleep(pauseMs);
    }
    return [];
  }
}

async function deliver(
  messages: readonly Message[],
  { queueName, reportsFailures }: QueueRoute,
  { client, queueUrl, invokeUrl }: Connections,
): Promise<void> {
  const response = await fetch(invokeUrl, {
    method: 'POST',
    body: JSON.stringify(buildSqsEvent(messages, queueArn(queueName))),
  });
  const answer = await response.text();
  if (!response.ok || response.headers.has('x-amz-function-error')) return;

  const done = reportsFailures ? findDone(messages, answer) : messages;
  if (done.length === 0) return;
  await client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: done.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle })),
    }),
  );
}
