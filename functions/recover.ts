/**
 * Stores answers that could not be stored when they came. Writes sealed values that it cannot read.
 *
 * @module
 */
import { parseRecoveryMessage } from '../lib/aws/recovery-message.ts';
import { connectionTable, tokenTable } from '../lib/aws/tables.ts';
import { recoverAnswer } from '../lib/broker/recover-answer.ts';
import { queueFunction } from '../lib/lambda/queue-function.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(process.env, 'CONNECTIONS_TABLE', 'TOKENS_TABLE', 'DUE_SHARDS');
const log = functionLog();
const ports = { ...connectionTable(settings), ...tokenTable(settings), log };

export const handler = queueFunction(log, async (body) => {
  const outcome = await recoverAnswer(ports, parseRecoveryMessage(body));
  log.count('recovery', { outcome });
});
