import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import {
  type FunctionName,
  functionNames,
  lambdaFunction,
  resource,
  resourcesOf,
} from './resources.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const log = (group: string) => `logs:CreateLogStream logs:PutLogEvents on ${group}LogGroup.Arn`;
const clientSecrets =
  'secretsmanager:GetSecretValue on arn:{AWS::Partition}:secretsmanager:{AWS::Region}:{AWS::AccountId}:secret:evergrant/{stage}/clients/*';
const keyRings = (rings: string) => `secretsmanager:GetSecretValue on ${rings}`;
const consume = (queue: string) =>
  `sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on ${queue}.Arn`;
const onlyKeys = (test: string, patterns: readonly string[]) =>
  ` if ${JSON.stringify({ [`ForAllValues:${test}`]: { 'dynamodb:LeadingKeys': patterns } })}`;

const vendRights = [
  keyRings('AccessTokenKeyRing'),
  'dynamodb:GetItem dynamodb:UpdateItem on TokensTable.Arn',
  'lambda:InvokeFunction on RefreshLambdaFunction.Arn',
];

/** The use of a key of one's own, each through one service only. */
const keyUse = (actions: string, service: string) =>
  `${actions} on {key} if ${JSON.stringify({
    StringEquals: {
      'kms:ViaService': { 'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}` },
    },
  })}`;
const useTables = keyUse('kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey', 'dynamodb');
const readTables = keyUse('kms:Decrypt kms:DescribeKey', 'dynamodb');
const readSecrets = keyUse('kms:Decrypt', 'secretsmanager');
const sendMessages = keyUse('kms:Decrypt kms:GenerateDataKey', 'sqs');
const takeMessages = keyUse('kms:Decrypt', 'sqs');

interface Rights {
  readonly role: string;
  readonly may: readonly string[];
  /** What comes to that with a key of one's own. */
  readonly withKey: readonly string[];
}

/** The whole of what each function may do. */
const rights: Readonly<Record<FunctionName, Rights>> = {
  authorize: {
    role: 'AuthorizeRole',
    may: [
      log('Authorize'),
      `dynamodb:GetItem on SessionsTable.Arn${onlyKeys('StringLike', ['session:*'])}`,
      `dynamodb:PutItem on SessionsTable.Arn${onlyKeys('StringLike', ['authorization:*'])}`,
    ],
    withKey: [useTables],
  },
  callback: {
    role: 'CallbackRole',
    may: [
      log('Callback'),
      clientSecrets,
      keyRings('AccessTokenKeyRing, RenewalKeyRing'),
      `dynamodb:DeleteItem on SessionsTable.Arn${onlyKeys('StringLike', ['authorization:*'])}`,
      'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on ConnectionsTable.Arn',
      'dynamodb:PutItem on TokensTable.Arn',
    ],
    withKey: [useTables, readSecrets],
  },
  connect: {
    role: 'ConnectRole',
    may: [
      log('Connect'),
      clientSecrets,
      `dynamodb:PutItem on SessionsTable.Arn${onlyKeys('StringLike', ['session:*'])}`,
      'dynamodb:GetItem dynamodb:PutItem on ConnectionsTable.Arn',
      `dynamodb:DeleteItem on ConnectionsTable.Arn${onlyKeys('StringLike', ['pending:*'])}`,
      'dynamodb:PutItem on TokensTable.Arn',
    ],
    withKey: [useTables, readSecrets],
  },
  connections: {
    role: 'ConnectionsRole',
    may: [
      log('Connections'),
      clientSecrets,
      keyRings('AccessTokenKeyRing, RenewalKeyRing'),
      'dynamodb:GetItem dynamodb:BatchGetItem dynamodb:PutItem dynamodb:UpdateItem on ConnectionsTable.Arn',
      'dynamodb:Query on {ConnectionsTable.Arn}/index/by_client',
      'dynamodb:GetItem dynamodb:PutItem on TokensTable.Arn',
      'sqs:SendMessage on RevokeQueue.Arn',
    ],
    withKey: [useTables, readSecrets, sendMessages],
  },
  'publish-events': {
    role: 'PublishEventsRole',
    may: [
      log('PublishDashevents'),
      'dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams on ConnectionsTable.StreamArn',
      `events:PutEvents on arn:{AWS::Partition}:events:{AWS::Region}:{AWS::AccountId}:event-bus/default if ${JSON.stringify(
        { StringEquals: { 'events:source': 'evergrant-{stage}' } },
      )}`,
      'sqs:SendMessage on EventsDeadQueue.Arn',
    ],
    withKey: [readTables, sendMessages],
  },
  recover: {
    role: 'RecoverRole',
    may: [
      log('Recover'),
      'dynamodb:GetItem dynamodb:UpdateItem on ConnectionsTable.Arn',
      'dynamodb:PutItem on TokensTable.Arn',
      consume('RecoveryQueue'),
    ],
    withKey: [useTables, takeMessages],
  },
  refresh: {
    role: 'RefreshRole',
    may: [
      log('Refresh'),
      clientSecrets,
      keyRings('AccessTokenKeyRing, RenewalKeyRing'),
      'dynamodb:GetItem dynamodb:UpdateItem on ConnectionsTable.Arn',
      'dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on TokensTable.Arn',
      consume('RefreshQueue'),
      'sqs:SendMessage on RecoveryQueue.Arn',
    ],
    withKey: [useTables, readSecrets, sendMessages],
  },
  'refresh-due': {
    role: 'RefreshDueRole',
    may: [
      log('RefreshDashdue'),
      'dynamodb:Query on {ConnectionsTable.Arn}/index/due',
      `dynamodb:GetItem on ConnectionsTable.Arn${onlyKeys('StringNotLike', ['*/*', 'pending:*'])}`,
      'sqs:SendMessage on RefreshQueue.Arn',
    ],
    withKey: [readTables, sendMessages],
  },
  revoke: {
    role: 'RevokeRole',
    may: [log('Revoke'), clientSecrets, keyRings('RenewalKeyRing'), consume('RevokeQueue')],
    withKey: [readSecrets, takeMessages],
  },
  vend: {
    role: 'VendRole',
    may: [log('Vend'), ...vendRights],
    withKey: [useTables, readSecrets],
  },
  'vend-http': {
    role: 'VendHttpRole',
    may: [log('VendDashhttp'), ...vendRights],
    withKey: [useTables, readSecrets],
  },
};

/**
 * Each function's role, against the list of what it may do.
 *
 * @param packaged - with its conditions decided.
 * @param deployment - the stage, and the key of one's own if there is one.
 */
export function describeRoles(
  packaged: Packaged,
  { stage, key }: { readonly stage: string; readonly key?: string },
): void {
  describe(`the roles, ${key ? 'with' : 'without'} a key of ones own,`, () => {
    it.each(functionNames)('let %s do exactly what it is for', (name) => {
      const { role, may, withKey } = rights[name];
      const expected = [...may, ...(key ? withKey : [])].map((statement) =>
        statement.replace('{stage}', stage).replace('{key}', String(key)),
      );

      const granted = readStatements(packaged, role).map(sayStatement);

      expect(lambdaFunction(packaged, name).Properties).toMatchObject({
        Role: { 'Fn::GetAtt': [role, 'Arn'] },
      });
      expect(granted).toEqual(expected);
    });

    it('are one for each function, and no default role and no policy beside them', () => {
      const expected = functionNames.map((name) => rights[name].role);

      expect(Object.keys(resourcesOf(packaged, 'AWS::IAM::Role')).sort()).toEqual(expected.sort());
      expect(
        Object.values(packaged.resources).filter(({ Type }) => /^AWS::IAM::\w*Policy$/.test(Type)),
      ).toEqual([]);
    });

    it('can be assumed by Lambda only, and take nothing from elsewhere', () => {
      for (const name of functionNames) {
        const { Properties } = resource(packaged, rights[name].role);

        expect(Object.keys(Properties).sort()).toEqual(['AssumeRolePolicyDocument', 'Policies']);
        expect(Properties.AssumeRolePolicyDocument).toEqual({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'lambda.amazonaws.com' },
              Action: 'sts:AssumeRole',
            },
          ],
        });
      }
    });

    it('of vend reach no table, ring or secret that a refresh token or a client secret is in', () => {
      for (const name of ['vend', 'vend-http'] as const) {
        const granted = readStatements(packaged, rights[name].role).map(sayStatement).join('\n');

        expect(granted).toContain('AccessTokenKeyRing');
        expect(granted).toContain('TokensTable');
        expect(granted).not.toMatch(/Renewal|Connections|Sessions|clients|Queue|\*/);
      }
    });

    it('have no wildcard but the names of registrations, and no scan', () => {
      const statements = functionNames.flatMap((name) => rights[name].may);

      const wild = statements
        .map((statement) => statement.split(' if ')[0])
        .filter((statement) => /\*|Scan/.test(statement ?? ''));

      expect(new Set(wild)).toEqual(new Set([clientSecrets]));
    });
  });
}

function readStatements(packaged: Packaged, role: string): readonly Statement[] {
  const policies = resource(packaged, role).Properties.Policies as readonly {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function sayStatement({ Effect, Action, Resource, Condition }: Statement): string {
  if (Effect !== 'Allow') return Effect;
  const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
  return `${Action.join(' ')} on ${sayResource(Resource)}${condition}`;
}

function sayResource(resource: unknown): string {
  if (Array.isArray(resource)) return resource.map(sayResource).join(', ');
  if (typeof resource !== 'object' || resource === null) return String(resource);
  const [[kind, value] = []] = Object.entries(resource);
  return kind === 'Fn::GetAtt'
    ? (value as readonly string[]).join('.')
    : String(value).replaceAll('${', '{');
}
