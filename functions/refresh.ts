/**
 * Refreshes connections: those that the refresh queue names, and the one that `vend` asks for.
 *
 * @module
 */
import type { Context, SQSEvent } from 'aws-lambda';
import { sqsClient } from '../lib/aws/clients.ts';
import { parseRefreshMessage } from '../lib/aws/refresh-message.ts';
import { buildRefreshReply, parseRefreshRequest } from '../lib/aws/refresh-payload.ts';
import { registrations } from '../lib/aws/registrations.ts';
import { seals } from '../lib/aws/seals.ts';
import { sqsRecoveryQueue } from '../lib/aws/sqs-recovery-queue.ts';
import { clientRows, clock, connectionTable, tokenTable } from '../lib/aws/tables.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { refreshConnection } from '../lib/broker/refresh-connection.ts';
import { assertTiming, recoveryDelaySeconds } from '../lib/broker/refresh-timing.ts';
import { deadlineOf } from '../lib/lambda/deadline.ts';
import { plainFunction } from '../lib/lambda/plain-function.ts';
import { queueFunction } from '../lib/lambda/queue-function.ts';
import { functionLog } from '../lib/log.ts';
import { providerCalls } from '../lib/oauth/provider-calls.ts';
import { readSettings } from '../lib/settings.ts';
import { seconds } from '../lib/time.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'CONNECTIONS_TABLE',
  'TOKENS_TABLE',
  'RECOVERY_QUEUE_URL',
  'DUE_SHARDS',
  'REFRESH_PROVIDER_TIMEOUT_SECONDS',
  'STORE_WRITE_SECONDS',
  'LEASE_SECONDS',
  'REFRESH_TIMEOUT_SECONDS',
  'REFRESH_VISIBILITY_SECONDS',
  'ALLOWED_PROVIDER_HOSTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
);
const log = functionLog(clock);
const ports = {
  ...connectionTable(settings),
  ...tokenTable(settings),
  ...clientRows(settings),
  ...registrations(settings),
  ...seals(settings),
  recovery: sqsRecoveryQueue({ client: sqsClient(), url: settings.RECOVERY_QUEUE_URL }),
  ...providerCalls(settings, clock),
  timing: assertTiming(
    {
      leaseSeconds: settings.LEASE_SECONDS,
      providerTimeoutSeconds: settings.REFRESH_PROVIDER_TIMEOUT_SECONDS,
      storeWriteSeconds: settings.STORE_WRITE_SECONDS,
      clockSkewSeconds: seconds(5),
      recoveryDelaySeconds,
    },
    {
      functionTimeoutSeconds: settings.REFRESH_TIMEOUT_SECONDS,
      visibilitySeconds: settings.REFRESH_VISIBILITY_SECONDS,
    },
  ),
  clock,
  random: Math.random,
  randomToken,
  log,
  count: log.count,
};

const fromQueue = queueFunction(log, async (body, context) => {
  const { refreshAt, ...key } = parseRefreshMessage(body);
  const cause = { kind: 'due', refreshAt } as const;
  await refreshConnection(ports, key, { cause, deadlineMs: deadlineOf(context, clock) });
});

const onDemand = plainFunction(log, async (event: unknown, context) => {
  const { seenFence, ...key } = parseRefreshRequest(event);
  const cause = { kind: 'demand', ...(seenFence !== undefined && { seenFence }) } as const;
  const deadlineMs = deadlineOf(context, clock);
  return buildRefreshReply(key, await refreshConnection(ports, key, { cause, deadlineMs }));
});

export const handler = (event: unknown, context: Context) =>
  isQueueEvent(event) ? fromQueue(event, context) : onDemand(event, context);

function isQueueEvent(event: unknown): event is SQSEvent {
  return typeof event === 'object' && event !== null && 'Records' in event;
}
