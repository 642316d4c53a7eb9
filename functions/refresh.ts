/**
 * Refreshes connections: those that the refresh queue names, and the one that `vend` asks for.
 *
 * @module
 */
import type { Context, SQSEvent } from 'aws-lambda';
import { sqsClient } from '../lib/aws/clients.ts';
import { openPost } from '../lib/aws/open-request.ts';
import { parseRefreshMessage } from '../lib/aws/refresh-message.ts';
import { buildRefreshReply, parseRefreshRequest } from '../lib/aws/refresh-payload.ts';
import { registrations } from '../lib/aws/registrations.ts';
import { rehearseRefresh } from '../lib/aws/rehearse-refresh.ts';
import { seals } from '../lib/aws/seals.ts';
import { sqsRecoveryQueue } from '../lib/aws/sqs-recovery-queue.ts';
import { clientRows, clock, connectionTable, keyRecords, tokenTable } from '../lib/aws/tables.ts';
import { readKeyAges } from '../lib/broker/key-ages.ts';
import { randomToken } from '../lib/broker/one-time-token.ts';
import { refreshConnection } from '../lib/broker/refresh-connection.ts';
import { readTiming, timingSettings } from '../lib/broker/refresh-timing.ts';
import { deadlineOf } from '../lib/lambda/deadline.ts';
import { plainFunction } from '../lib/lambda/plain-function.ts';
import { queueFunction } from '../lib/lambda/queue-function.ts';
import { seldom } from '../lib/lambda/seldom.ts';
import { functionLog } from '../lib/log.ts';
import { grantingProvider } from '../lib/oauth/granting-provider.ts';
import { providerCalls } from '../lib/oauth/provider-calls.ts';
import { describeFailure } from '../lib/problem.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'CONNECTIONS_TABLE',
  'TOKENS_TABLE',
  'RECOVERY_QUEUE_URL',
  'DUE_SHARDS',
  ...timingSettings,
  'ALLOWED_PROVIDER_HOSTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
);
const log = functionLog(clock);
const tellUnused = (reason: string) => log.warn('prepared_commit_unused', { reason });
const ports = {
  ...connectionTable(settings, { preparing: { openPost, unused: tellUnused } }),
  ...tokenTable(settings),
  ...clientRows(settings),
  ...keyRecords(settings),
  ...registrations(settings),
  ...seals(settings),
  recovery: sqsRecoveryQueue({ client: sqsClient(), url: settings.RECOVERY_QUEUE_URL }),
  ...providerCalls(settings, clock),
  timing: readTiming(settings),
  clock,
  random: Math.random,
  randomToken,
  log,
  count: log.count,
};

const tellKeyAges = seldom({ log, clock }, 'key_age_unknown', async () => {
  for (const { ring, ageSeconds } of await readKeyAges(ports)) {
    log.measure('key_age', ageSeconds, { ring });
  }
});

/** Begun while the function is loaded; every refresh waits for it. */
const rehearsal = rehearseRefresh({ ...ports, requestToken: grantingProvider(clock) }).catch(
  // Nothing depends on it.
  (error: unknown) => log.warn('rehearsal_failed', describeFailure(error)),
);

const fromQueue = queueFunction(log, async (body, context) => {
  const { refreshAt, ...key } = parseRefreshMessage(body);
  const cause = { kind: 'due', refreshAt } as const;
  await refreshConnection(ports, key, { cause, deadlineMs: deadlineOf(context, clock) });
  await tellKeyAges();
});

const onDemand = plainFunction(log, async (event: unknown, context) => {
  const { seenFence, ...key } = parseRefreshRequest(event);
  const cause = { kind: 'demand', ...(seenFence !== undefined && { seenFence }) } as const;
  const deadlineMs = deadlineOf(context, clock);
  return buildRefreshReply(key, await refreshConnection(ports, key, { cause, deadlineMs }));
});

export const handler = async (event: unknown, context: Context) => {
  await rehearsal;
  return isQueueEvent(event) ? fromQueue(event, context) : onDemand(event, context);
};

function isQueueEvent(event: unknown): event is SQSEvent {
  return typeof event === 'object' && event !== null && 'Records' in event;
}
