/**
 * What was really made, asked of each service itself and told in CloudFormation's words.
 *
 * @module
 */
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../support/local-credentials.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a resource is, as far as its service tells. */
export type Describe = (physicalId: string, wanted: Values) => Promise<Values>;

/** How to ask about each type, at one address. */
export function createDescribers(endpoint: string) {
  const options = { endpoint, ...localCredentials };
  const lambda = new LambdaClient(options);
  const clients = {
    lambda,
    dynamodb: new DynamoDBClient(options),
    sqs: new SQSClient({ ...options, useQueueUrlAsEndpoint: false }),
    iam: new IAMClient(options),
    events: new EventBridgeClient(options),
    logs: new CloudWatchLogsClient(options),
  };
  const describers: Readonly<Record<string, Describe>> = {
    'AWS::DynamoDB::Table': (name) => describeTable(clients.dynamodb, name),
    'AWS::SQS::Queue': (url) => describeQueue(clients.sqs, url),
    'AWS::IAM::Role': (name) => describeRole(clients.iam, name),
    'AWS::Events::Rule': (name) => describeRule(clients.events, name),
    'AWS::Logs::LogGroup': (name) => describeLogGroup(clients.logs, name),
    'AWS::Lambda::Function': (name) => describeFunction(lambda, name),
    'AWS::Lambda::EventSourceMapping': (id) => describeMapping(lambda, id),
    'AWS::Lambda::Permission': (_, wanted) => describePermission(lambda, wanted),
  };
  return {
    describers,
    close: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

async function describeTable(dynamodb: DynamoDBClient, TableName: string): Promise<Values> {
  const { Table = {} } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  const { TimeToLiveDescription: life } = await dynamodb.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  const { ContinuousBackupsDescription: backups } = await dynamodb.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const recovery = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  const { StreamEnabled, ...stream } = Table.StreamSpecification ?? { StreamEnabled: false };
  return {
    ...Table,
    BillingMode: Table.BillingModeSummary?.BillingMode,
    GlobalSecondaryIndexes: Table.GlobalSecondaryIndexes?.map(
      ({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }),
    ),
    StreamSpecification: StreamEnabled ? stream : undefined,
    TimeToLiveSpecification: {
      AttributeName: life?.AttributeName,
      Enabled: life?.TimeToLiveStatus === 'ENABLED',
    },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: recovery === 'ENABLED' },
    SSESpecification: {
      SSEEnabled: Table.SSEDescription?.Status === 'ENABLED',
      SSEType: Table.SSEDescription?.SSEType,
    },
  };
}

/** SQS has all attributes as text. */
async function describeQueue(sqs: SQSClient, QueueUrl: string): Promise<Values> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  const { QueueArn = '', ...texts } = Attributes;
  const values = Object.entries(texts).map(([name, text]) => [
    name,
    /^(\d+|true|false|\{.*)$/.test(text) ? JSON.parse(text) : text,
  ]);
  return { ...Object.fromEntries(values), QueueName: QueueArn.split(':').at(-1) };
}

async function describeRole(iam: IAMClient, RoleName: string): Promise<Values> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const documents = PolicyNames.map(async (PolicyName) => {
    const { PolicyDocument = '' } = await iam.send(
      new GetRolePolicyCommand({ RoleName, PolicyName }),
    );
    return { PolicyName, PolicyDocument: parseDocument(PolicyDocument) };
  });
  return {
    AssumeRolePolicyDocument: parseDocument(Role?.AssumeRolePolicyDocument),
    Policies: await Promise.all(documents),
  };
}

/** moto gives a role's policies as Python writes them, and `None` for what a condition left out. */
function parseDocument(text = ''): Values {
  const document = decodeURIComponent(text);
  const json = document.startsWith("{'")
    ? document.replaceAll("'", '"').replace(/\bNone\b/g, 'null')
    : document;
  const { Statement = [], ...others } = JSON.parse(json) as { Statement?: unknown[] };
  return { ...others, Statement: Statement.filter((statement) => statement !== null) };
}

async function describeRule(events: EventBridgeClient, Name: string): Promise<Values> {
  const rule = await events.send(new DescribeRuleCommand({ Name }));
  const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }));
  return { ...rule, Targets };
}

async function describeLogGroup(
  logs: CloudWatchLogsClient,
  logGroupNamePrefix: string,
): Promise<Values> {
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  const found = logGroups.find(({ logGroupName }) => logGroupName === logGroupNamePrefix);
  return { LogGroupName: found?.logGroupName, RetentionInDays: found?.retentionInDays };
}

async function describeFunction(lambda: LambdaClient, FunctionName: string): Promise<Values> {
  const answer = await lambda.send(new GetFunctionCommand({ FunctionName }));
  const { Tags = {}, Concurrency, Configuration } = answer;
  return {
    ...Configuration,
    // Its digest: where it was uploaded to, the service does not tell.
    Code: Configuration?.CodeSha256,
    ReservedConcurrentExecutions: Concurrency?.ReservedConcurrentExecutions,
    Tags: Object.entries(Tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

async function describeMapping(lambda: LambdaClient, UUID: string): Promise<Values> {
  const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
  return { ...mapping, FunctionName: mapping.FunctionArn, Enabled: mapping.State === 'Enabled' };
}

/** The statement that fits what was wanted, found by who may invoke. */
async function describePermission(lambda: LambdaClient, wanted: Values): Promise<Values> {
  const { FunctionName, Principal } = wanted as { FunctionName: string; Principal: string };
  const { Policy = '{}' } = await lambda.send(new GetPolicyCommand({ FunctionName }));
  const { Statement = [] } = JSON.parse(Policy);
  for (const each of Statement) {
    if (each.Effect !== 'Allow' || each.Principal?.Service !== Principal) continue;
    return {
      FunctionName: each.Resource,
      Action: each.Action,
      Principal: each.Principal.Service,
      SourceArn: each.Condition?.ArnLike?.['AWS:SourceArn'],
    };
  }
  return {};
}
