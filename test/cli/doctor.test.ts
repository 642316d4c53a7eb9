import { readFileSync } from 'node:fs';
import { DynamoDBClient, ResourceNotFoundException as NoTable } from '@aws-sdk/client-dynamodb';
import { NoSuchEntityException } from '@aws-sdk/client-iam';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkClock } from '../../cli/doctor/check-clock.ts';
import { checkFunctions, expectedFunctions } from '../../cli/doctor/check-functions.ts';
import { checkQueues, expectedQueues } from '../../cli/doctor/check-queues.ts';
import { checkSchedule, defaultDueShards } from '../../cli/doctor/check-schedule.ts';
import { checkTables } from '../../cli/doctor/check-tables.ts';
import type { Diagnosis } from '../../cli/doctor/diagnosis.ts';
import { dynamodbClientStore } from '../../lib/aws/dynamodb-client-store.ts';
import { later, seconds, systemClock } from '../../lib/time.ts';
import { readServiceDefinition } from '../../local/service-definition.ts';
import { aKey } from '../support/connections.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { type Operator, startOperator } from '../support/operator.ts';
import { type AwsScript, scriptedAws } from '../support/scripted-aws.ts';
import { registrationAt } from '../support/scripted-provider.ts';

const wrongOf = (diagnoses: readonly Diagnosis[]) =>
  diagnoses.flatMap(({ level, about, what }) => (level === 'wrong' ? [`${about}: ${what}`] : []));

describe('on the local stack', () => {
  let operator: Operator;
  let sqs: SQSClient;
  beforeAll(async () => {
    operator = await startOperator();
    sqs = new SQSClient({
      endpoint: operator.stack.servers.sqs.url,
      useQueueUrlAsEndpoint: false,
      ...localCredentials,
    });
    for (const name of ['refresh-dead.fifo', 'recovery-dead', 'revoke-dead', 'events-dead']) {
      const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
      await sqs.send(new CreateQueueCommand({ QueueName: `evergrant-local-${name}`, Attributes }));
    }
  });
  afterAll(async () => {
    sqs.destroy();
    await operator.close();
  });

  it('finds nothing wrong where nothing is', async () => {
    const { code, json } = await operator.run('doctor --json');

    expect(wrongOf(json().diagnoses)).toEqual([]);
    expect(json()).toMatchObject({ healthy: true });
    expect(code).toBe(0);
    const abouts = json().diagnoses.map(({ about }: Diagnosis) => about);
    expect(abouts).toEqual(expect.arrayContaining(['clock', 'index due', 'clients']));
    expect((await operator.run('doctor')).output).toMatch(/in order, 0 wrong, 0 unknown\n$/);
  });

  it('finds dead letters, and names the command that puts them back', async () => {
    const QueueUrl = `${operator.stack.servers.sqs.url}/000000000000/evergrant-local-recovery-dead`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));

    const { code, output } = await operator.run('doctor');

    expect(code).toBe(3);
    expect(output).toMatch(/^WRONG {4}evergrant-local-recovery-dead: 1 messages: /m);
    expect(output).toMatch(
      /aws sqs start-message-move-task --source-arn arn:aws:sqs:\S+recovery-dead/,
    );
  });

  it('finds what is overdue, a broken registration, a refused one, and a silent provider', async () => {
    const { stack } = operator;
    await stack.register('acme', registrationAt(stack.provider.url));
    await stack.register('broken', { provider: 'nobody' });
    const input =
      '{"client":"acme","connection":"ann","refresh_token":"r","access_token":"a","expires_at":1900000000}';
    await operator.run('connections import', { input });
    await stack.makeDue(aKey());
    const { version } = (await operator.run('clients show acme --json')).json();
    const dynamodb = new DynamoDBClient({
      endpoint: stack.servers.dynamodb.url,
      ...localCredentials,
    });
    const rows = dynamodbClientStore({ client: dynamodb, name: 'evergrant-local-connections' });
    await rows.markRefused(aKey().client, version, systemClock.now());
    await rows.countTrouble(aKey().client, systemClock.now());
    await rows.openBreaker(aKey().client, later(systemClock.now(), seconds(60)));
    dynamodb.destroy();
    const now = () => later(systemClock.now(), seconds(900));
    const clock = { ...systemClock, now };

    const { json } = await operator.run('doctor --json', { clock });

    const wrong = wrongOf(json().diagnoses);
    expect(wrong).toContainEqual(
      expect.stringMatching(/^index due: a refresh is overdue by 15 min/),
    );
    expect(wrong).toContainEqual(
      expect.stringMatching(/^client broken: the registration is not valid: client_id is required/),
    );
    expect(wrong).toContainEqual(
      expect.stringMatching(/^client acme: the provider refuses client_id or client_secret/),
    );
    expect(wrong).toContainEqual(
      expect.stringMatching(/^client acme: 1 calls in a row brought no usable answer/),
    );
  });

  it('finds a key ring that is malformed or gone, and shows nothing of it', async () => {
    await operator.stack.putSecret('keys/renewal', { current: 'k1', k1: 'canary' });
    await operator.stack.removeSecret('keys/access-token');

    const { code, output } = await operator.run('doctor');

    expect(code).toBe(3);
    expect(output).toMatch(/WRONG {4}evergrant\/local\/keys\/renewal: the key ring is malformed/);
    expect(output).toMatch(
      /WRONG {4}evergrant\/local\/keys\/access-token: the key ring does not exist/,
    );
    expect(output).not.toContain('canary');
  });
});

describe('in an account', () => {
  const role = (name: string) => `arn:aws:iam::123456789012:role/evergrant-prod-${name}`;
  const stream = (label: string) =>
    `arn:aws:dynamodb:eu-central-1:123456789012:table/evergrant-prod-connections/stream/${label}`;
  const functionOf = ({ FunctionName }: Readonly<Record<string, unknown>>) =>
    String(FunctionName).replace('evergrant-prod-', '');
  const healthy: AwsScript = {
    GetFunctionConfiguration: (input) => ({
      FunctionName: input.FunctionName,
      FunctionArn: `arn:aws:lambda:eu-central-1:123456789012:function:${input.FunctionName}`,
      Role: role(functionOf(input)),
      State: 'Active',
      LastUpdateStatus: 'Successful',
      Environment: { Variables: { DUE_SHARDS: '2' } },
    }),
    GetFunctionConcurrency: () => ({}),
    ListEventSourceMappings: (input) => ({
      EventSourceMappings: [
        {
          UUID: 'u-1',
          State: 'Enabled',
          EventSourceArn:
            functionOf(input) === 'publish-events'
              ? stream('new')
              : 'arn:aws:sqs:eu-central-1:123456789012:evergrant-prod-revoke',
        },
      ],
    }),
    GetRole: () => ({}),
    ListRolePolicies: ({ RoleName }) => ({
      PolicyNames: [String(RoleName).replace('evergrant-prod-', '')],
    }),
    ListAttachedRolePolicies: () => ({
      AttachedPolicies: [{ PolicyName: 'evergrant-prod-KmsKeyPolicy-1', PolicyArn: 'arn' }],
    }),
    ListRuleNamesByTarget: () => ({ RuleNames: ['rule-1'] }),
    DescribeRule: () => ({ Name: 'rule-1', State: 'ENABLED' }),
    Query: () => ({ Items: [] }),
    GetQueueUrl: ({ QueueName }) => ({ QueueUrl: `https://sqs.example/1/${QueueName}` }),
    GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: '0' } }),
    DescribeTable: () => ({
      Table: {
        TableStatus: 'ACTIVE',
        DeletionProtectionEnabled: true,
        StreamSpecification: { StreamEnabled: true },
        LatestStreamArn: stream('new'),
        GlobalSecondaryIndexes: [
          { IndexName: 'due', IndexStatus: 'ACTIVE' },
          { IndexName: 'by_client', IndexStatus: 'ACTIVE' },
        ],
      },
    }),
    DescribeContinuousBackups: () => ({
      ContinuousBackupsDescription: {
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
      },
    }),
    DescribeTimeToLive: () => ({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires_at' },
    }),
  };
  const checks = [checkFunctions, checkQueues, checkSchedule, checkTables];
  const examine = async (script: AwsScript = {}) => {
    const session = scriptedAws({ ...healthy, ...script });
    return (await Promise.all(checks.map((check) => check(session)))).flat();
  };
  const denied = () => {
    throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
  };

  it('finds nothing wrong where nothing is', async () => {
    const found = await examine();

    expect(found.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(found.length).toBeGreaterThan(20);
  });

  it('says of what it may not look at that it may not', async () => {
    const found = await examine({ DescribeRule: denied, GetRole: denied });

    expect(wrongOf(found)).toEqual([]);
    expect(found).toContainEqual({
      level: 'unknown',
      about: 'schedule',
      what: expect.stringContaining('AWS does not allow this'),
    });
  });

  const stopped = (name: string) => ({
    GetFunctionConcurrency: (input: Readonly<Record<string, unknown>>) =>
      functionOf(input) === name ? { ReservedConcurrentExecutions: 0 } : {},
  });
  it.each<readonly [string, AwsScript, RegExp, RegExp]>([
    [
      'the schedule is disabled',
      { DescribeRule: () => ({ Name: 'rule-1', State: 'DISABLED' }) },
      /^schedule: it is disabled/,
      /^aws events enable-rule --name rule-1; .*mark-uncertain/,
    ],
    [
      'no rule is there',
      { ListRuleNamesByTarget: () => ({ RuleNames: [] }) },
      /^schedule: no rule/,
      /^npx serverless deploy --stage prod/,
    ],
    [
      'callers were stopped',
      stopped('vend'),
      /vend: it is stopped/,
      /^aws lambda delete-function-concurrency --function-name evergrant-prod-vend$/,
    ],
    [
      'refreshes were stopped',
      stopped('refresh'),
      /refresh: it is stopped/,
      /^aws lambda put-function-concurrency --function-name evergrant-prod-refresh /,
    ],
    [
      'what feeds a function is disabled',
      {
        ListEventSourceMappings: () => ({
          EventSourceMappings: [{ UUID: 'u', State: 'Disabled' }],
        }),
      },
      /^function refresh: what feeds it is disabled/,
      /--uuid u --enabled$/,
    ],
    [
      'nothing feeds a function',
      { ListEventSourceMappings: () => ({ EventSourceMappings: [] }) },
      /^function revoke: nothing feeds it/,
      /^npx serverless deploy/,
    ],
    [
      'a role is gone',
      {
        GetRole: () => {
          throw new NoSuchEntityException({ message: 'no', $metadata: {} });
        },
      },
      /^role of vend: it does not exist/,
      /^npx serverless deploy/,
    ],
    [
      'a role lost its policy',
      { ListRolePolicies: () => ({ PolicyNames: [] }) },
      /^role of vend: its policy vend is gone/,
      /^npx serverless deploy/,
    ],
    [
      'a role was given more',
      {
        ListAttachedRolePolicies: () => ({
          AttachedPolicies: [{ PolicyName: 'AdministratorAccess', PolicyArn: 'arn:x' }],
        }),
      },
      /^role of vend: it has a policy AdministratorAccess/,
      /^aws iam detach-role-policy --role-name evergrant-prod-vend --policy-arn arn:x$/,
    ],
    [
      'two functions share a role',
      {
        GetFunctionConfiguration: (input) => ({
          FunctionName: input.FunctionName,
          Role: role('vend'),
        }),
      },
      /^role of vend-http: it is also that of/,
      /^npx serverless deploy/,
    ],
    [
      'a function did not start',
      {
        GetFunctionConfiguration: (input) => ({
          FunctionName: input.FunctionName,
          Role: role(functionOf(input)),
          State: 'Failed',
          StateReason: 'no key',
        }),
      },
      /^function connect: it is Failed: no key/,
      /^npx serverless deploy/,
    ],
    [
      'a restored table lost its settings',
      { DescribeTimeToLive: () => ({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } }) },
      /^evergrant-prod-sessions: TTL is off/,
      /^aws dynamodb update-time-to-live --table-name evergrant-prod-sessions /,
    ],
    [
      'a table has no backups',
      { DescribeContinuousBackups: () => ({}) },
      /^evergrant-prod-connections: point-in-time recovery is off/,
      /^aws dynamodb update-continuous-backups --table-name evergrant-prod-connections /,
    ],
    [
      'a stream is followed that the table no longer has',
      {
        ListEventSourceMappings: (input) => ({
          EventSourceMappings: [
            {
              UUID: 'u-1',
              State: 'Enabled',
              ...(functionOf(input) === 'publish-events' && { EventSourceArn: stream('old') }),
            },
          ],
        }),
      },
      /^function publish-events: it follows a stream that the table no longer has/,
      /Events after a restored table/,
    ],
    [
      'a table may be deleted, has no stream and lacks an index',
      { DescribeTable: () => ({ Table: { TableStatus: 'ACTIVE' } }) },
      /^evergrant-prod-connections: its index due is not there/,
      /^wait/,
    ],
    [
      'a table is gone',
      {
        DescribeTable: () => {
          throw new NoTable({ message: 'no', $metadata: {} });
        },
      },
      /^evergrant-prod-tokens: the table does not exist/,
      /docs\/operations\.md/,
    ],
  ])('finds that %s, and how to mend it', async (_, script, what, mend) => {
    const found = await examine(script);

    const match = found.find(
      (each) => each.level === 'wrong' && what.test(`${each.about}: ${each.what}`),
    );
    expect(match, JSON.stringify(wrongOf(found))).toBeDefined();
    expect(match?.mend).toMatch(mend);
  });

  it('finds every function missing where nothing is deployed', async () => {
    const found = await checkFunctions(scriptedAws({}));

    expect(wrongOf(found)).toEqual(
      Object.keys(expectedFunctions).map((name) => `function ${name}: it does not exist`),
    );
  });
});

describe('the clock', () => {
  const withDate = (offsetSeconds: number) => {
    const session = scriptedAws({});
    const base = session.clock.nowMs();
    const date = new Date(base + offsetSeconds * 1000).toUTCString();
    // A header of whole seconds is half a second old on average.
    const clock = { ...session.clock, nowMs: () => base + 500 };
    const send = async (command: {
      readonly middlewareStack: { resolve(handler: unknown, context: object): unknown };
    }) => {
      const next = async () => ({ output: {}, response: { headers: { date } } });
      const handler = command.middlewareStack.resolve(next, {}) as (args: object) => unknown;
      return handler({ input: {}, request: {} });
    };
    return checkClock({ ...session, clock, aws: () => ({ dynamodb: () => ({ send }) }) as never });
  };

  it.each([
    [0, []],
    [4, []],
    [-4, []],
    [60, ['clock: this machine is 60 s behind: signatures and imported expiries suffer']],
    [-400, ['clock: this machine is 400 s ahead: signatures and imported expiries suffer']],
  ])('that AWS has %i s later is judged', async (offset, wrong) => {
    expect(wrongOf(await withDate(offset))).toEqual(wrong);
  });
});

it('knows every function, queue and the number of shards of serverless.yml', () => {
  const definition = readServiceDefinition('serverless.yml', 'prod');
  const functions = definition.functions.map(({ name, sources, streams }) => [
    name.replace('evergrant-prod-', ''),
    { isFed: sources.length + streams.length > 0 },
  ]);

  expect(Object.fromEntries(functions)).toEqual(expectedFunctions);
  const queues = Object.values(definition.queues).map(({ QueueName }) => String(QueueName));
  expect(queues.toSorted()).toEqual(
    expectedQueues.map(({ name }) => `evergrant-prod-${name}`).toSorted(),
  );
  const yml = readFileSync('serverless.yml', 'utf8');
  expect(/^ {4}dueShards: '(\d+)'$/m.exec(yml)?.[1]).toBe(String(defaultDueShards));
});
