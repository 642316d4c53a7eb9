/**
 * Tells others what happened to connections and clients: makes events of the changes in the
 * connections' table. Sees sealed values in them, and can open none.
 *
 * @module
 */
import { eventBridgeClient, sqsClient } from '../lib/aws/clients.ts';
import { eventBridgeBus } from '../lib/aws/eventbridge-bus.ts';
import { sqsDeadEvents } from '../lib/aws/sqs-dead-events.ts';
import { parseStreamRecord, type StreamRecord } from '../lib/aws/stream-record.ts';
import { publishEvents } from '../lib/broker/publish-events.ts';
import { streamFunction } from '../lib/lambda/stream-function.ts';
import { functionLog } from '../lib/log.ts';
import { readSettings } from '../lib/settings.ts';
import { systemClock as clock } from '../lib/time.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'EVENT_BUS',
  'EVENTS_DEAD_QUEUE_URL',
  'PUBLIC_BASE_URL',
);
const log = functionLog();
const ports = {
  bus: eventBridgeBus({
    client: eventBridgeClient(),
    name: settings.EVENT_BUS,
    source: `evergrant-${settings.STAGE}`,
    clock,
  }),
  deadLetters: sqsDeadEvents({ client: sqsClient(), url: settings.EVENTS_DEAD_QUEUE_URL }),
  publicBaseUrl: settings.PUBLIC_BASE_URL,
  log,
  count: log.count,
};

export const handler = streamFunction(log, (records) =>
  // The same JSON under two names: the SDK's and Lambda's.
  publishEvents(ports, (records as readonly StreamRecord[]).map(parseStreamRecord)),
);
