/** The service as it is deployed: by `serverless deploy`, to moto. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { localCredentials } from '../../support/local-credentials.ts';
import { motoUrl } from '../../support/services.ts';
import { createDescribers } from './describe-resources.ts';
import { type Finding, lint } from './lint.ts';
import { fits, resolveTemplate } from './resolve-template.ts';
import { deployFrom, packageInto, readTemplate, templateFile } from './serverless.ts';

const accountId = '000000000000';

/** moto's CloudFormation knows none of these; what the template says of them, cfn-lint has read. */
const typesNeverMade = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::Secret',
];

/** What moto's CloudFormation leaves out of what it makes. */
const propertiesLeftOut = [
  'AWS::DynamoDB::Table PointInTimeRecoverySpecification',
  'AWS::DynamoDB::Table SSESpecification',
  'AWS::DynamoDB::Table TimeToLiveSpecification',
  'AWS::Lambda::Function Architectures',
  'AWS::Lambda::Function LoggingConfig',
  'AWS::Lambda::Function Tags',
];

/** Not ours to describe: the packager's bucket for the bundles. */
const typesNotAsked = ['AWS::S3::Bucket'];

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evergrant-deploy-'));
  await packageInto(folder);
}, 650_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packaged template', () => {
  let findings: readonly Finding[];
  beforeAll(async () => {
    findings = await lint(inject('installed').cfnLint, templateFile(folder));
  }, 650_000);

  it('is accepted by cfn-lint, but for what .cfnlintrc gives a reason for', () => {
    expect(findings.filter(({ isExcused }) => !isExcused)).toEqual([]);
  });

  it('needs each excuse, and for nothing but what the packager writes', () => {
    const excused = findings.filter(({ isExcused }) => isExcused);

    expect([...new Set(excused.map(({ rule }) => rule))]).toEqual(['W3005']);
    for (const { resource } of excused) {
      expect(resource).toMatch(/LambdaFunction$|^HttpApiRoute|^HttpApiStage$/);
    }
  });
});

describe('serverless deploy', () => {
  it('makes what the template says, as far as moto can', { timeout: 900_000 }, async () => {
    const endpoint = await motoUrl();
    await deployFrom(folder, endpoint);
    const template = readTemplate(folder);
    const physicalIds = await listMade(endpoint);
    const wanted = resolveTemplate(template, { accountId, physicalIds });
    const { describers, close } = createDescribers(endpoint);

    const neverMade = new Set<string>();
    const notAsked = new Set<string>();
    const differing = new Map<string, string[]>();
    const alike = new Set<string>();
    for (const [id, { type, properties }] of wanted) {
      const physicalId = physicalIds.get(id);
      const describeOne = describers[type];
      if (physicalId === undefined) neverMade.add(type);
      else if (describeOne === undefined) notAsked.add(type);
      else {
        const found = await describeOne(physicalId, properties);
        for (const [name, value] of Object.entries(properties)) {
          const expected = name === 'Code' ? digestOf(value) : value;
          if (fits(expected, found[name])) alike.add(`${type} ${name}`);
          else differing.set(`${type} ${name}`, [...(differing.get(`${type} ${name}`) ?? []), id]);
        }
      }
    }
    close();

    expect([...neverMade].toSorted()).toEqual(typesNeverMade);
    expect([...notAsked]).toEqual(typesNotAsked);
    expect([...differing.keys()].toSorted()).toEqual(propertiesLeftOut);
    // Left out everywhere, not different in one place.
    expect(propertiesLeftOut.filter((each) => alike.has(each))).toEqual([]);
    expect([...alike]).toEqual(expect.arrayContaining(propertiesThatMatter));
  });
});

/** Compared on every resource that has them: not one of these may be missing silently. */
const propertiesThatMatter = [
  ...['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'BillingMode'],
  ...['StreamSpecification', 'DeletionProtectionEnabled'],
]
  .map((name) => `AWS::DynamoDB::Table ${name}`)
  .concat(
    ['FifoQueue', 'DeduplicationScope', 'FifoThroughputLimit', 'VisibilityTimeout'].map(
      (name) => `AWS::SQS::Queue ${name}`,
    ),
    ['RedrivePolicy', 'MessageRetentionPeriod'].map((name) => `AWS::SQS::Queue ${name}`),
    ['AssumeRolePolicyDocument', 'Policies'].map((name) => `AWS::IAM::Role ${name}`),
    ['Environment', 'Timeout', 'MemorySize', 'Runtime', 'Handler', 'Role', 'Code'].map(
      (name) => `AWS::Lambda::Function ${name}`,
    ),
    ['ReservedConcurrentExecutions'].map((name) => `AWS::Lambda::Function ${name}`),
    ['EventSourceArn', 'BatchSize', 'FunctionResponseTypes', 'ScalingConfig'].map(
      (name) => `AWS::Lambda::EventSourceMapping ${name}`,
    ),
    ['Action', 'Principal', 'SourceArn'].map((name) => `AWS::Lambda::Permission ${name}`),
    ['ScheduleExpression', 'State', 'Targets'].map((name) => `AWS::Events::Rule ${name}`),
    ['RetentionInDays'].map((name) => `AWS::Logs::LogGroup ${name}`),
  );

/** By the names of the template. What was not made has none in moto's list. */
async function listMade(endpoint: string): Promise<ReadonlyMap<string, string>> {
  const client = new CloudFormationClient({ endpoint, ...localCredentials });
  const made = new Map<string, string>();
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: 'evergrant-dev' },
  )) {
    for (const { LogicalResourceId: id, PhysicalResourceId } of StackResourceSummaries) {
      if (id) made.set(id, PhysicalResourceId ?? '');
    }
  }
  client.destroy();
  return made;
}

/** Of the bundle that the template names. */
function digestOf(code: unknown): string {
  const name = (code as { readonly S3Key: string }).S3Key.split('/').at(-1) ?? '';
  return createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('base64');
}
