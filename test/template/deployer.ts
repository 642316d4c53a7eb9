import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Packaged, Resource } from './package-service.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Policy {
  readonly Statement: readonly Statement[];
}

/** What CloudFormation does with one kind of resource, in whoever deploys's name. */
interface Work {
  /** The ARN of one, or of whatever else the actions are asked for. */
  readonly on: (id: string, resource: Resource) => string;
  readonly make: readonly string[];
  readonly remove: readonly string[];
}

const where = 'eu-central-1:123456789012';
const name = (key: string) => (id: string, resource: Resource) =>
  String(resource.Properties[key] ?? `evergrant-prod-${id}-1A2B3C`);
const lambdaArn = (id: string) => `arn:aws:lambda:${where}:function:evergrant-prod-${id}`;
const api = (path: string) => () => `arn:aws:apigateway:eu-central-1::/${path}`;
const bucket = () => 'arn:aws:s3:::evergrant-prod-serverlessdeploymentbucket-1a2b3c';
const partOfApi = (path: string): Work => ({
  on: api(path),
  make: ['apigateway:POST', 'apigateway:GET', 'apigateway:PATCH'],
  remove: ['apigateway:DELETE'],
});

/** By the permissions that AWS names in the schemas of its resource types, for what we set in them. */
const works: Readonly<Record<string, Work>> = {
  'AWS::ApiGatewayV2::Api': partOfApi('apis/a1b2c3'),
  'AWS::ApiGatewayV2::ApiMapping': partOfApi('domainnames/oauth.example.com/apimappings/a1'),
  'AWS::ApiGatewayV2::DomainName': partOfApi('domainnames/oauth.example.com'),
  'AWS::ApiGatewayV2::Integration': partOfApi('apis/a1b2c3/integrations/a1'),
  'AWS::ApiGatewayV2::Route': partOfApi('apis/a1b2c3/routes/a1'),
  'AWS::ApiGatewayV2::Stage': partOfApi('apis/a1b2c3/stages/$default'),
  'AWS::CloudWatch::Alarm': {
    on: (id) => `arn:aws:cloudwatch:${where}:alarm:evergrant-prod-${id}-1A2B3C`,
    make: ['cloudwatch:PutMetricAlarm', 'cloudwatch:DescribeAlarms'],
    remove: ['cloudwatch:DeleteAlarms'],
  },
  'AWS::CloudWatch::Dashboard': {
    on: (id, resource) =>
      `arn:aws:cloudwatch::123456789012:dashboard/${name('DashboardName')(id, resource)}`,
    make: ['cloudwatch:PutDashboard', 'cloudwatch:GetDashboard'],
    remove: ['cloudwatch:DeleteDashboards'],
  },
  'AWS::DynamoDB::Table': {
    on: (id, resource) => `arn:aws:dynamodb:${where}:table/${name('TableName')(id, resource)}`,
    make: [
      ...['CreateTable', 'UpdateTable', 'DescribeTable', 'ListTagsOfResource'],
      ...['UpdateTimeToLive', 'DescribeTimeToLive'],
      ...['UpdateContinuousBackups', 'DescribeContinuousBackups'],
      ...['DescribeContributorInsights', 'DescribeKinesisStreamingDestination'],
    ].map((action) => `dynamodb:${action}`),
    remove: ['dynamodb:DeleteTable'],
  },
  'AWS::Events::Rule': {
    on: (id) => `arn:aws:events:${where}:rule/evergrant-prod-${id}-1A2B3C`,
    make: ['PutRule', 'DescribeRule', 'PutTargets', 'ListTargetsByRule'].map((a) => `events:${a}`),
    remove: ['events:RemoveTargets', 'events:DeleteRule'],
  },
  'AWS::IAM::Role': {
    on: (id) => `arn:aws:iam::123456789012:role/evergrant-prod-${id}-1A2B3C`,
    make: [
      ...['CreateRole', 'GetRole', 'UpdateRole', 'UpdateRoleDescription', 'PassRole'],
      ...['UpdateAssumeRolePolicy', 'PutRolePolicy', 'GetRolePolicy', 'ListRolePolicies'],
      'ListAttachedRolePolicies',
    ].map((action) => `iam:${action}`),
    remove: ['iam:DeleteRolePolicy', 'iam:DeleteRole'],
  },
  'AWS::Lambda::EventInvokeConfig': {
    on: () => lambdaArn('refresh-due'),
    make: [
      ...['PutFunctionEventInvokeConfig', 'UpdateFunctionEventInvokeConfig'],
      'GetFunctionEventInvokeConfig',
    ].map((action) => `lambda:${action}`),
    remove: ['lambda:DeleteFunctionEventInvokeConfig'],
  },
  'AWS::Lambda::EventSourceMapping': {
    on: () => `arn:aws:lambda:${where}:event-source-mapping:1a2b3c`,
    make: ['Create', 'Get', 'Update'].map((verb) => `lambda:${verb}EventSourceMapping`),
    remove: ['lambda:DeleteEventSourceMapping'],
  },
  'AWS::Lambda::Function': {
    on: (_id, resource) => lambdaArn(String(resource.Properties.FunctionName).slice(15)),
    make: [
      ...['CreateFunction', 'GetFunction', 'UpdateFunctionCode', 'UpdateFunctionConfiguration'],
      ...['PutFunctionConcurrency', 'DeleteFunctionConcurrency', 'GetFunctionCodeSigningConfig'],
      ...['GetRuntimeManagementConfig', 'GetFunctionRecursionConfig', 'GetFunctionScalingConfig'],
      ...['TagResource', 'UntagResource', 'ListTags'],
    ].map((action) => `lambda:${action}`),
    remove: ['lambda:DeleteFunction'],
  },
  'AWS::Lambda::Permission': {
    on: () => lambdaArn('vend-http'),
    make: ['lambda:AddPermission', 'lambda:GetPolicy'],
    remove: ['lambda:RemovePermission'],
  },
  'AWS::Logs::LogGroup': {
    on: (id, resource) => `arn:aws:logs:${where}:log-group:${name('LogGroupName')(id, resource)}`,
    make: [
      ...['CreateLogGroup', 'PutRetentionPolicy', 'AssociateKmsKey', 'DisassociateKmsKey'],
      ...['DescribeLogGroups', 'GetDataProtectionPolicy', 'TagResource', 'ListTagsForResource'],
    ].map((action) => `logs:${action}`),
    remove: ['logs:DeleteLogGroup'],
  },
  'AWS::S3::Bucket': {
    on: bucket,
    make: [
      ...['CreateBucket', 'ListBucket', 'PutEncryptionConfiguration', 'GetEncryptionConfiguration'],
      ...['PutBucketPublicAccessBlock', 'GetBucketPublicAccessBlock'],
    ].map((action) => `s3:${action}`),
    remove: ['s3:DeleteBucket'],
  },
  'AWS::S3::BucketPolicy': {
    on: bucket,
    make: ['s3:PutBucketPolicy', 's3:GetBucketPolicy'],
    remove: ['s3:DeleteBucketPolicy'],
  },
  'AWS::SQS::Queue': {
    on: (id, resource) => `arn:aws:sqs:${where}:${name('QueueName')(id, resource)}`,
    make: [
      ...['CreateQueue', 'GetQueueUrl', 'GetQueueAttributes', 'SetQueueAttributes'],
      'ListQueueTags',
    ].map((action) => `sqs:${action}`),
    remove: ['sqs:DeleteQueue'],
  },
  'AWS::SecretsManager::Secret': {
    on: (id, resource) =>
      `arn:aws:secretsmanager:${where}:secret:${name('Name')(id, resource)}-1a2b3c`,
    make: ['CreateSecret', 'UpdateSecret', 'DescribeSecret', 'GetRandomPassword'].map(
      (action) => `secretsmanager:${action}`,
    ),
    remove: ['secretsmanager:DeleteSecret'],
  },
};

/** What the packager itself asks AWS for, and what an API brings with it: its log and its own role. */
const beside: readonly (readonly [arn: string, actions: readonly string[]])[] = [
  [
    `arn:aws:cloudformation:${where}:stack/evergrant-prod/1a2b3c`,
    [
      ...['CreateStack', 'UpdateStack', 'DeleteStack', 'DescribeStacks', 'DescribeStackEvents'],
      ...['CreateChangeSet', 'DescribeChangeSet', 'ExecuteChangeSet', 'DeleteChangeSet'],
      ...['DescribeStackResource', 'ListStackResources', 'GetTemplate', 'ValidateTemplate'],
    ].map((action) => `cloudformation:${action}`),
  ],
  [
    `${bucket()}/serverless/evergrant/prod/1/vend.zip`,
    ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  ],
  [bucket(), ['s3:ListBucketVersions', 's3:GetBucketLocation']],
  [
    `arn:aws:logs:${where}:log-group:/aws/lambda/evergrant-prod-vend`,
    ['logs:DescribeSubscriptionFilters'],
  ],
  [
    '*',
    [
      ...['CreateLogDelivery', 'GetLogDelivery', 'UpdateLogDelivery', 'DeleteLogDelivery'],
      ...['ListLogDeliveries', 'PutResourcePolicy', 'DescribeResourcePolicies'],
    ].map((action) => `logs:${action}`),
  ],
  [
    'arn:aws:iam::123456789012:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway',
    ['iam:CreateServiceLinkedRole'],
  ],
  ['arn:aws:apigateway:eu-central-1::/tags/arn', ['apigateway:PUT', 'apigateway:DELETE']],
];

const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replaceAll(/[.?+^$|()[\]{}\\]/g, '\\$&').replaceAll('*', '[^]*')}$`).test(
    text,
  );

/** Whether the policy's document lets its holder deploy this template, and do nothing else. */
export function describeDeployer(packaged: Packaged): void {
  const file = join(import.meta.dirname, '../../docs/deployer-policy.json');
  const text = readFileSync(file, 'utf8');
  const { Statement: statements } = JSON.parse(text) as Policy;
  const allows = (action: string, arn: string) =>
    statements.some(
      ({ Action, Resource }) =>
        Action.some((pattern) => matches(pattern, action)) &&
        [Resource].flat().some((pattern) => matches(pattern, arn)),
    );
  const resources = Object.entries(packaged.resources);
  const isKept = ({ DeletionPolicy }: Resource) => DeletionPolicy === 'Retain';

  describe('the policy for whoever deploys', () => {
    it('knows every type of resource in the template', () => {
      const types = new Set(resources.map(([, { Type }]) => Type));

      expect(types.size).toBeGreaterThan(15);
      expect([...types].filter((type) => !Object.hasOwn(works, type))).toEqual([]);
    });

    it('allows to make and change each resource, and to remove each that goes with the stack', () => {
      const refused = resources.flatMap(([id, resource]) => {
        const { on, make, remove } = works[resource.Type] ?? missing(resource.Type);
        const actions = [...make, ...(isKept(resource) ? [] : remove)];
        return actions
          .filter((action) => !allows(action, on(id, resource)))
          .map((action) => `${action} on ${id}`);
      });

      expect(refused).toEqual([]);
    });

    it('allows to remove nothing that outlives the stack', () => {
      const kept = resources.filter(([, resource]) => isKept(resource));
      const removable = kept.flatMap(([id, resource]) => {
        const { on, remove } = works[resource.Type] ?? missing(resource.Type);
        return remove.filter((action) => allows(action, on(id, resource)));
      });

      expect(kept.length).toBeGreaterThan(5);
      expect(removable).toEqual([]);
    });

    it('allows what the packager asks for', () => {
      const refused = beside.flatMap(([arn, actions]) =>
        actions.filter((action) => !allows(action, arn)),
      );

      expect(refused).toEqual([]);
    });

    it('allows no action that nothing needs', () => {
      const needed = [
        ...Object.values(works).flatMap(({ make, remove }) => [...make, ...remove]),
        ...beside.flatMap(([, actions]) => actions),
      ];
      const given = statements.flatMap(({ Action }) => Action);

      expect(given.filter((pattern) => !needed.some((action) => matches(pattern, action)))).toEqual(
        [],
      );
      expect(given.filter((pattern) => /^\*|:\*/.test(pattern))).toEqual([]);
    });

    it('names what it is about, but where AWS knows no name', () => {
      const open = statements.filter(({ Resource }) => [Resource].flat().includes('*'));

      expect(open.map(({ Sid }) => Sid)).toEqual(['EventSources', 'NoResourceToName']);
      expect(open[0]?.Condition).toHaveProperty('ArnLike');
    });

    it('gives roles to Lambda only', () => {
      const passing = statements.filter(({ Action }) => allowsPassing(Action));

      expect(passing.map(({ Condition }) => Condition)).toEqual([
        { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      ]);
    });

    it('is short enough for one managed policy', () => {
      expect(text.replaceAll(/\s/g, '').length).toBeLessThan(6144);
    });
  });
}

const allowsPassing = (actions: readonly string[]) =>
  actions.some((pattern) => matches(pattern, 'iam:PassRole'));

function missing(what: string): never {
  throw new Error(`nothing is known of ${what}`);
}
