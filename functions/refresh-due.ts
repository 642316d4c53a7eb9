/**
 * Every minute: sends what is due to the refresh queue.
 *
 * @module
 */
import { sqsClient } from '../lib/aws/clients.ts';
import { sqsRefreshQueue } from '../lib/aws/sqs-refresh-queue.ts';
import { clientRows, clock, connectionTable } from '../lib/aws/tables.ts';
import { scheduleRefreshes } from '../lib/broker/schedule-refreshes.ts';
import { deadlineOf } from '../lib/lambda/deadline.ts';
import { plainFunction } from '../lib/lambda/plain-function.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(
  process.env,
  'CONNECTIONS_TABLE',
  'REFRESH_QUEUE_URL',
  'DUE_SHARDS',
  'LANES_PER_CLIENT',
);
const log = functionLog(clock);
const ports = {
  ...connectionTable(settings),
  ...clientRows(settings),
  queue: sqsRefreshQueue({ client: sqsClient(), url: settings.REFRESH_QUEUE_URL, clock }),
  clock,
  log,
};
const spread = { shards: settings.DUE_SHARDS, lanesPerClient: settings.LANES_PER_CLIENT };

export const handler = plainFunction(log, async (_event, context) => {
  const run = await scheduleRefreshes(ports, spread, deadlineOf(context, clock));
  const { sent, dueLagSeconds, heldLagSeconds } = run;
  log.measure('refresh_scheduled', sent, {});
  log.measure('due_lag', dueLagSeconds, {});
  log.measure('held_lag', heldLagSeconds, {});
  return { sent };
});
