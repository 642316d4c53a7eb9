/**
 * Stores answers that could not be stored when they came. Writes sealed values that it cannot read.
 *
 * @module
 */
import { parseRecoveryMessage } from '../lib/aws/recovery-message.ts';
import { clock, connectionTable, tokenTable } from '../lib/aws/tables.ts';
import { recoverPatiently } from '../lib/broker/recover-answer.ts';
import { deadlineOf } from '../lib/lambda/deadline.ts';
import { queueFunction } from '../lib/lambda/queue-function.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(process.env, 'CONNECTIONS_TABLE', 'TOKENS_TABLE', 'DUE_SHARDS');
const log = functionLog(clock);
const ports = { ...connectionTable(settings), ...tokenTable(settings), clock, log };

export const handler = queueFunction(log, async (body, context) => {
  const deadlineMs = deadlineOf(context, clock);
  const outcome = await recoverPatiently(ports, parseRecoveryMessage(body), deadlineMs);
  log.count('recovery', { outcome });
});
