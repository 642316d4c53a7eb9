import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  readArnReference,
  readServiceDefinition,
  readTextProperty,
} from '../../../local/service-definition.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(text: string) {
  const file = join(folder, 'serverless.yml');
  writeFileSync(file, text);
  return readServiceDefinition(file, 'local');
}

const file = `
service: evergrant
functions:
  vend: &vend
    handler: functions/vend.handler
  vend-crm:
    <<: *vend
    environment: { URL: !Sub 'https://\${HttpApi}', KEY: !If [HasKey, a, !Ref AWS::NoValue] }
  refresh:
    name: named-\${sls:stage}
    events:
      - schedule: { rate: [rate(1 minute)] }
      - sqs: { arn: !GetAtt Refresh.Arn, batchSize: 3, maximumConcurrency: 50 }
      - sqs:
          arn: !GetAtt Other.Arn
          maximumConcurrency: 2
          functionResponseType: ReportBatchItemFailures
      - stream: { type: dynamodb, arn: !GetAtt Table.StreamArn, batchSize: 7 }
      - stream:
          type: dynamodb
          arn: !GetAtt Table.StreamArn
          functionResponseType: ReportBatchItemFailures
resources:
  Resources:
    Refresh: { Type: AWS::SQS::Queue, Properties: { QueueName: 'x-\${sls:stage}' } }
    Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: !Sub 't-\${AWS::Region}' } }
    Role: { Type: AWS::IAM::Role }
`;

test('functions have the names that they are deployed under', () => {
  expect(read(file).functions.map(({ name }) => name)).toEqual([
    'evergrant-local-vend',
    'evergrant-local-vend-crm',
    'named-local',
  ]);
});

test('tables whose stream a function follows come with how they feed it', () => {
  const { functions } = read(file);

  expect(functions[0]?.streams).toEqual([]);
  expect(functions[2]?.streams).toEqual([
    { table: 'Table', batchSize: 7, reportsFailures: false },
    { table: 'Table', batchSize: 100, reportsFailures: true },
  ]);
});

test('queues that feed a function come with how they feed it', () => {
  expect(read(file).functions[2]?.sources).toEqual([
    { queue: 'Refresh', batchSize: 3, maximumConcurrency: 6, reportsFailures: false },
    { queue: 'Other', batchSize: 10, maximumConcurrency: 2, reportsFailures: true },
  ]);
});

test('resources are found by their type, with the stage in their names', () => {
  const { queues, tables } = read(file);

  expect(queues).toEqual({ Refresh: { QueueName: 'x-local' } });
  expect(Object.keys(tables)).toEqual(['Table']);
});

test('a parameter that is a number is filled in, with its value for the stage', () => {
  const { queues } = read(`
service: evergrant
params:
  default: { visibility: 180, delay: 60, name: !Ref Name }
  local: { visibility: 90 }
functions: {}
resources:
  Resources:
    Refresh:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: \${param:name}
        VisibilityTimeout: \${param:visibility}
        DelaySeconds: \${param:delay}
`);

  expect(queues.Refresh).toEqual({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is left as it stands in the file.
    QueueName: '${param:name}',
    VisibilityTimeout: 90,
    DelaySeconds: 60,
  });
});

test('a name that only a deployment knows is refused', () => {
  const { tables } = read(file);

  expect(() => readTextProperty(tables.Table ?? {}, 'TableName')).toThrow('TableName');
  expect(() => readTextProperty({}, 'QueueName')).toThrow('QueueName');
});

test('only the ARN of a resource is a reference to it', () => {
  expect(readArnReference({ 'Fn::GetAtt': ['Refresh', 'Arn'] })).toBe('Refresh');
  expect(() => readArnReference({ 'Fn::GetAtt': ['Refresh', 'QueueName'] })).toThrow();
  expect(() => readArnReference('arn:aws:sqs:…')).toThrow();
});

test('a file that is not a service says what is wrong with it', () => {
  expect(() => read('service: evergrant\nfunctions: {}')).toThrow(/^serverless\.yml: resources/);
});
