import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSMessageAttribute, SQSRecordAttributes } from 'aws-lambda';
import * as v from 'valibot';

/** Builds the event that Lambda gives to a function for a batch of messages. */
export function buildSqsEvent(messages: readonly Message[], eventSourceARN: string): SQSEvent {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId ?? '',
      receiptHandle: message.ReceiptHandle ?? '',
      body: message.Body ?? '',
      attributes: readSystemAttributes(message),
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
          name,
          buildAttribute(value),
        ]),
      ),
      md5OfBody: message.MD5OfBody ?? '',
      eventSource: 'aws:sqs',
      eventSourceARN,
      awsRegion: 'us-east-1',
    })),
  };
}

function readSystemAttributes({ Attributes = {} }: Message): SQSRecordAttributes {
  return {
    ...Attributes,
    ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
    SentTimestamp: Attributes.SentTimestamp ?? '',
    SenderId: Attributes.SenderId ?? '',
    ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
  };
}

function buildAttribute(value: MessageAttributeValue): SQSMessageAttribute {
  const { StringValue, BinaryValue, DataType = 'String' } = value;
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined
      ? {}
      : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType as SQSMessageAttribute['dataType'],
  };
}

const answerSchema = v.nullish(
  v.object({
    batchItemFailures: v.nullish(v.array(v.object({ itemIdentifier: v.string() }))),
  }),
);

/**
 * The messages that a function has done, by its partial batch response.
 *
 * @param answer - the function's answer, untrusted.
 * @returns all of them for an answer without failures; none for an answer that is malformed or names
 *   a message that is not in the batch, as Lambda has it.
 */
export function findDone(messages: readonly Message[], answer: string): readonly Message[] {
  const parsed = v.safeParse(answerSchema, readJson(answer));
  if (!parsed.success) return [];
  const failed = new Set(
    (parsed.output?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier),
  );
  const known = messages.filter(
    ({ MessageId }) => MessageId !== undefined && failed.has(MessageId),
  );
  if (known.length !== failed.size) return [];
  return messages.filter((message) => !known.includes(message));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
