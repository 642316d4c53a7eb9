/**
 * What comes back from our own stores and queues: ours, and yet somebody else may have written it.
 *
 * @module
 */
import assert from 'node:assert/strict';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { buildConnectionRow, parseConnectionRow } from '../../lib/aws/connection-row.ts';
import { buildRecoveryMessage, parseRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { buildRefreshMessage, parseRefreshMessage } from '../../lib/aws/refresh-message.ts';
import {
  buildRefreshReply,
  buildRefreshRequest,
  parseRefreshReply,
  parseRefreshRequest,
} from '../../lib/aws/refresh-payload.ts';
import {
  buildRevocationMessage,
  parseRevocationMessage,
} from '../../lib/aws/revocation-message.ts';
import { parseStreamRecord } from '../../lib/aws/stream-record.ts';
import { buildTokenRow, parseTokenRow } from '../../lib/aws/token-row.ts';
import { buildEvent } from '../../lib/broker/event.ts';
import { readRenewalCredential } from '../../lib/broker/renewal-credential.ts';
import { readRevocation } from '../../lib/broker/revocation.ts';
import { queueFunction } from '../../lib/lambda/queue-function.ts';
import { keyText } from '../../lib/names.ts';
import { aCommitted, aKey, aNewConnection, aStoredToken, at } from '../support/connections.ts';
import { recordingFunctionLog } from '../support/function-log.ts';
import { testSealer } from '../support/key-rings.ts';
import { aContext } from '../support/lambda-context.ts';
import { aConnectRecord, aStreamRecord } from '../support/stream-records.ts';
import { assertPrototypesUntouched, readOrRefused, readOrRefusedLater } from './holding.ts';
import { hostileJson, hostileText, meddled, tampered } from './hostile-inputs.ts';
import { type ParserProperty, parserProperty } from './parser-property.ts';

const token = aStoredToken({
  warning: { code: 'refresh_failing', since: at(1) },
  apiBaseUrl: 'https://api.example.com',
  values: { realm: '7' },
});
const parsers: readonly (readonly [text: string, parse: (body: string) => { client: string }])[] = [
  [buildRefreshMessage({ ...aKey(), refreshAt: at(1) }), parseRefreshMessage],
  [
    buildRecoveryMessage({ ...aKey(), fence: 2, answer: aCommitted(), token }),
    parseRecoveryMessage,
  ],
  [buildRevocationMessage({ ...aKey(), fence: 2, sealed: 'a.b.c.d.e' }), parseRevocationMessage],
  [
    buildRefreshRequest({ ...aKey(), seenFence: 7 }),
    (body) => parseRefreshRequest(JSON.parse(body)),
  ],
];
const message = fc.constantFrom(...parsers).chain(([text, parse]) =>
  fc.record({
    parse: fc.constant(parse),
    body: fc.oneof(
      meddled(JSON.parse(text)).map((json) => JSON.stringify(json)),
      tampered(fc.constant(text)),
      hostileText,
    ),
  }),
);

const messageProperty = parserProperty('queue message', message, async ({ parse, body }) => {
  const log = recordingFunctionLog();
  const handled: string[] = [];
  const handler = queueFunction(log, async (text) => {
    // What Lambda hands over has been parsed once; text that is no JSON never gets there.
    handled.push(parse(isJson(text) ? text : '""').client);
  });
  const records = [{ messageId: 'm-1', body, attributes: {} }];

  const { batchItemFailures } = await handler({ Records: records } as never, aContext());

  assertPrototypesUntouched();
  assert.deepEqual(
    batchItemFailures,
    [],
    'a message that nobody can read would come back for ever',
  );
  if (handled.length === 0) assert.equal(log.lines.at(-1)?.event, 'message_dropped');
  else assert.deepEqual(handled, [JSON.parse(body).client]);
  return handled.length > 0;
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const reply = {
  ...buildRefreshReply(aKey(), { outcome: 'refreshed', state: 'active', token }),
};
const replyProperty = parserProperty(
  'reply of refresh',
  fc.oneof(meddled(JSON.parse(JSON.stringify(reply))), hostileJson),
  (payload) => {
    const read = readOrRefused('REQUEST_INVALID', () => parseRefreshReply(payload));
    if (read?.token) assert.equal(typeof read.token.fence, 'number');
    return read !== undefined;
  },
);

const rows = [
  { build: buildConnectionRow(aNewConnection(), 3), parse: parseConnectionRow },
  { build: buildTokenRow(token), parse: parseTokenRow },
];
const storedRow = fc.constantFrom(...rows).chain(({ build, parse }) =>
  fc.record({
    parse: fc.constant(parse),
    attributes: meddled(JSON.parse(JSON.stringify(build))),
    odd: fc.constantFrom<Record<string, AttributeValue>>(
      {},
      { fence: { N: '1e400' } },
      { fence: { N: '9'.repeat(38) } },
      { values: { S: 'text' } },
      { sealed: { B: new Uint8Array(3) } },
      { pk: { S: 'acme/ann/x' } },
    ),
  }),
);

const rowProperty = parserProperty('row of a table', storedRow, ({ parse, attributes, odd }) => {
  const item = { ...asItem(attributes), ...odd };
  const row = readOrRefused('ROW_INVALID', () => parse('a-table', item));
  if (row) assert.equal(keyText(row), item.pk?.S);
  return row !== undefined;
});

const record = fc.oneof(
  meddled(JSON.parse(JSON.stringify(aConnectRecord()))),
  hostileJson.map((NewImage) => ({ dynamodb: { ...aConnectRecord().dynamodb, NewImage } })),
  fc.record({ dynamodb: hostileJson }),
  storedRow.map(({ attributes, odd }) =>
    aStreamRecord('acme/ann', { after: { ...asItem(attributes), ...odd } }),
  ),
);
const recordProperty = parserProperty('record of a stream', record, (given) => {
  // What is no record at all, the function refuses before: see lib/lambda/stream-function.ts.
  const read = parseStreamRecord(Object(given));
  const event = 'problems' in read ? undefined : buildEvent(read, 'https://oauth.example.com');
  assertPrototypesUntouched();
  assert.doesNotMatch(JSON.stringify(event ?? {}), /sealed/);
  return event !== undefined;
});

/** As DynamoDB holds it; what it could not hold stands for nothing. */
function asItem(attributes: unknown): Record<string, AttributeValue> {
  try {
    return marshall(Object(attributes), { removeUndefinedValues: true });
  } catch {
    return {};
  }
}

const sealer = testSealer();
const binding = { ...aKey(), fence: 7 };
const sealed = await sealer.seal('renewal', binding, '{"refresh_token":"r-1"}');
const elsewhere = await sealer.seal('renewal', { ...binding, fence: 8 }, '{"refresh_token":"r-2"}');
const spliced = fc
  .array(fc.constantFrom(...sealed.split('.'), ...elsewhere.split('.')), {
    minLength: 5,
    maxLength: 5,
  })
  .map((parts) => parts.join('.'));

const sealProperty = parserProperty(
  'sealed value',
  fc.oneof(tampered(fc.constant(sealed)), spliced, hostileText),
  async (text) => {
    const opened = await readOrRefusedLater('SEALED_VALUE_INVALID', () =>
      sealer.open('renewal', binding, text),
    );
    assert.equal(opened !== undefined, text === sealed, 'another value than the sealed one opened');
    return opened !== undefined;
  },
);

const content = fc.oneof(
  meddled({ refresh_token: 'r', username: 'u', password: 'p', client_id: 'c', origins: ['o'] }).map(
    (json) => JSON.stringify(json),
  ),
  hostileText,
);
const contentProperty = parserProperty('content of a sealed value', content, (text) => {
  const code = 'SEALED_VALUE_INVALID';
  const renewal = readOrRefused(code, () => readRenewalCredential(text));
  const revocation = readOrRefused(code, () => readRevocation(text));
  return renewal !== undefined && revocation !== undefined;
});

/** What must hold of everything that comes back from a table, a queue or another function. */
export const storedProperties: readonly ParserProperty[] = [
  messageProperty,
  replyProperty,
  rowProperty,
  recordProperty,
  sealProperty,
  contentProperty,
];
