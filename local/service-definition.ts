import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parse, type ScalarTag } from 'yaml';

/** A queue that a function is fed from. */
export interface QueueSource {
  /** Logical id of the queue among the resources. */
  readonly queue: string;
  readonly batchSize: number;
  /** How many batches are at a function at once. */
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
}

/** A table whose stream a function follows. */
export interface StreamSource {
  /** Logical id of the table among the resources. */
  readonly table: string;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
}

export interface FunctionDefinition {
  /** As deployed: `evergrant-local-vend`. */
  readonly name: string;
  readonly sources: readonly QueueSource[];
  readonly streams: readonly StreamSource[];
}

export type Properties = Readonly<Record<string, unknown>>;

/** What the local stack needs to know of `serverless.yml`. */
export interface ServiceDefinition {
  readonly functions: readonly FunctionDefinition[];
  /** CloudFormation properties of each table, by logical id. */
  readonly tables: Readonly<Record<string, Properties>>;
  /** CloudFormation properties of each queue, by logical id. */
  readonly queues: Readonly<Record<string, Properties>>;
}

/** The intrinsic functions that stand where this looks; in other places they may stay strings. */
const intrinsicTags: ScalarTag[] = [
  { tag: '!GetAtt', resolve: (text) => ({ 'Fn::GetAtt': text.split('.') }) },
  { tag: '!Ref', resolve: (text) => ({ Ref: text }) },
];

const attributeSchema = v.object({ 'Fn::GetAtt': v.tuple([v.string(), v.literal('Arn')]) });

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(1));

const sourceSchema = v.object({
  sqs: v.object({
    arn: attributeSchema,
    batchSize: v.optional(wholeNumber, 10),
    maximumConcurrency: v.optional(v.union([wholeNumber, v.string()])),
    functionResponseType: v.optional(v.string()),
  }),
});

const streamSchema = v.object({
  stream: v.object({
    type: v.literal('dynamodb'),
    arn: v.object({ 'Fn::GetAtt': v.tuple([v.string(), v.literal('StreamArn')]) }),
    batchSize: v.optional(wholeNumber, 100),
    functionResponseType: v.optional(v.string()),
  }),
});

const paramsSchema = v.object({
  params: v.optional(v.record(v.string(), v.record(v.string(), v.unknown())), {}),
});

const serviceSchema = v.object({
  service: v.string(),
  functions: v.record(
    v.string(),
    v.object({ name: v.optional(v.string()), events: v.optional(v.array(v.unknown()), []) }),
  ),
  resources: v.object({
    Resources: v.record(
      v.string(),
      v.object({ Type: v.string(), Properties: v.optional(v.record(v.string(), v.unknown()), {}) }),
    ),
  }),
});

/** Fewer than the gateway lets through, so that direct invocations never wait for a whole queue. */
const mostBatches = 6;

/**
 * Reads functions, tables and queues from the `serverless.yml` that deploys them.
 *
 * Of its variables only the stage and parameters that are numbers are filled in: names of tables,
 * queues and functions depend on the stage alone, and how long they keep things on numbers.
 *
 * @throws {Error} naming what in the file is not as expected.
 */
export function readServiceDefinition(file: string | URL, stage: string): ServiceDefinition {
  const text = readFileSync(file, 'utf8').replaceAll(/\$\{sls:stage\}/g, stage);
  const parsed = v.safeParse(serviceSchema, parseYaml(fillInNumbers(text, stage)));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`serverless.yml: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  const { service, functions, resources } = parsed.output;
  const ofType = (type: string) =>
    Object.fromEntries(
      Object.entries(resources.Resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, resource]) => [id, resource.Properties]),
    );

  return {
    functions: Object.entries(functions).map(([key, { name, events }]) => ({
      name: name ?? `${service}-${stage}-${key}`,
      sources: events.flatMap(readSource),
      streams: events.flatMap(readStream),
    })),
    tables: ofType('AWS::DynamoDB::Table'),
    queues: ofType('AWS::SQS::Queue'),
  };
}

function parseYaml(text: string): unknown {
  return parse(text, {
    customTags: intrinsicTags,
    merge: true,
    maxAliasCount: -1,
    logLevel: 'error',
  });
}

function fillInNumbers(text: string, stage: string): string {
  const { params } = v.parse(paramsSchema, parseYaml(text));
  const values = new Map(Object.entries({ ...params.default, ...params[stage] }));
  return text.replaceAll(/\$\{param:(\w+)\}/g, (variable, name) => {
    const value = values.get(name);
    return typeof value === 'number' ? String(value) : variable;
  });
}

function readSource(event: unknown): readonly QueueSource[] {
  if (typeof event !== 'object' || event === null || !('sqs' in event)) return [];
  const { sqs } = v.parse(sourceSchema, event);
  const atOnce = typeof sqs.maximumConcurrency === 'number' ? sqs.maximumConcurrency : mostBatches;
  return [
    {
      queue: sqs.arn['Fn::GetAtt'][0],
      batchSize: sqs.batchSize,
      maximumConcurrency: Math.min(atOnce, mostBatches),
      reportsFailures: sqs.functionResponseType === 'ReportBatchItemFailures',
    },
  ];
}

function readStream(event: unknown): readonly StreamSource[] {
  if (typeof event !== 'object' || event === null || !('stream' in event)) return [];
  const { stream } = v.parse(streamSchema, event);
  return [
    {
      table: stream.arn['Fn::GetAtt'][0],
      batchSize: stream.batchSize,
      reportsFailures: stream.functionResponseType === 'ReportBatchItemFailures',
    },
  ];
}

/** A text property of a resource. @throws {Error} when it is missing or depends on a deployment. */
export function readTextProperty(properties: Properties, name: string): string {
  const value = properties[name];
  if (typeof value === 'string' && !value.includes('${')) return value;
  throw new Error(`serverless.yml: ${name} has to be a text that depends on the stage only`);
}

/** The logical id in `!GetAtt {id}.Arn`. @throws {Error} when `value` is something else. */
export function readArnReference(value: unknown): string {
  return v.parse(attributeSchema, value)['Fn::GetAtt'][0];
}
