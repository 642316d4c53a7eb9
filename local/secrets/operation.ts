import * as v from 'valibot';
import type { SecretRecord, Secrets, SecretValue } from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

/** What an operation leaves behind and answers. */
export interface OperationResult {
  /** The new state; absent when nothing changed. */
  readonly secrets?: Secrets;
  readonly answer: object;
}

/**
 * One operation of the protocol.
 *
 * @param input - the request's JSON, untrusted.
 * @param now - epoch seconds with a fraction.
 * @throws {SecretsRefusal} the error that Secrets Manager would answer.
 */
export type Operation = (secrets: Secrets, input: unknown, now: number) => OperationResult;

/** Operations by name, as in `X-Amz-Target: secretsmanager.{name}`. */
export type Operations = Readonly<Record<string, Operation>>;

/** The most bytes that Secrets Manager keeps in one version. */
const maxValueBytes = 65_536;

/** A staging label, such as AWSCURRENT. */
export const stageEntry = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

export const secretIdEntry = v.pipe(v.string(), v.minLength(1), v.maxLength(2048));

/** The members of a request that carry a new value. */
export const valueEntries = {
  SecretString: v.optional(v.string()),
  SecretBinary: v.optional(v.string()),
  ClientRequestToken: v.optional(v.pipe(v.string(), v.minLength(32), v.maxLength(64))),
};

/**
 * Makes an operation of a schema for its input and what it does with an input that fits.
 */
export function defineOperation<Schema extends v.GenericSchema>(
  schema: Schema,
  perform: (secrets: Secrets, input: v.InferOutput<Schema>, now: number) => OperationResult,
): Operation {
  return (secrets, input, now) => {
    const parsed = v.safeParse(schema, input, { abortEarly: true });
    if (parsed.success) return perform(secrets, parsed.output, now);
    const [issue] = parsed.issues;
    throw new SecretsRefusal(
      'ValidationException',
      `1 validation error detected: Value at '${v.getDotPath(issue) ?? ''}' failed to satisfy constraint: ${issue.message}`,
    );
  };
}

/**
 * The value that a request carries, if it carries one.
 *
 * @throws {SecretsRefusal} `InvalidParameterException` for two values, or one too long.
 */
export function readValue(input: {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}): SecretValue | undefined {
  const { SecretString: text, SecretBinary: base64 } = input;
  if (text !== undefined && base64 !== undefined) {
    throw new SecretsRefusal(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  const length = Buffer.byteLength(text ?? base64 ?? '', text === undefined ? 'base64' : 'utf8');
  if (length > maxValueBytes) {
    throw new SecretsRefusal(
      'InvalidParameterException',
      `The secret value is longer than ${maxValueBytes} bytes.`,
    );
  }
  if (text !== undefined) return { text };
  return base64 === undefined ? undefined : { base64 };
}

/** Whether two versions hold the same, which makes a repeated request harmless. */
export function isSameValue(one: SecretValue, other: SecretValue): boolean {
  return one.text === other.text && one.base64 === other.base64;
}

/** The new state, and the answer that most writes give: which secret was meant. */
export function answerWith(
  secrets: Secrets,
  { arn, name }: SecretRecord,
  more: object = {},
): OperationResult {
  return { secrets, answer: { ARN: arn, Name: name, ...more } };
}
