import { describe, expect, it } from 'vitest';
import { deployed } from './deployed.ts';
import { describeDeployer } from './deployer.ts';
import { type Packaged, packageService } from './package-service.ts';
import { lambdaFunction, resource, resourcesOf } from './resources.ts';
import { describeRoles } from './roles.ts';

type Properties = Readonly<Record<string, unknown>>;

const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd';
const certificate = 'arn:aws:acm:eu-central-1:123456789012:certificate/1';
const topic = 'arn:aws:sns:eu-central-1:123456789012:alarms';

const packaged = packageService('prod', [
  'domainName=oauth.example.com',
  `certificateArn=${certificate}`,
  `kmsKeyArn=${key}`,
  `alarmTopicArn=${topic}`,
  'vendAllow=hurma-*/*',
  'logRetentionDays=365',
  'reauthorizationsPerHour=25',
  'keyAgeDays=90',
  'dashboard=false',
  'refreshConcurrency=20',
  'refreshQueueConcurrency=10',
]);

describeRoles(deployed(packaged), { stage: 'prod', key });
describeDeployer(packaged);

describe('the parameters', () => {
  it('put a domain of ones own in front of the API, and into every redirect URI', () => {
    const { Environment } = lambdaFunction(packaged, 'connect').Properties;

    expect(deployed(packaged).conditions).toEqual({
      HasCertificate: true,
      HasDomain: true,
      HasKmsKey: true,
      HasAlarmTopic: true,
      HasDashboard: false,
    });
    expect(Environment).toMatchObject({
      Variables: {
        PUBLIC_BASE_URL: {
          'Fn::If': ['HasDomain', 'https://oauth.example.com', expect.anything()],
        },
      },
    });
    expect(resource(packaged, 'Domain').Condition).toBe('HasDomain');
    expect(resource(deployed(packaged), 'Domain').Properties).toMatchObject({
      DomainName: 'oauth.example.com',
      DomainNameConfigurations: [{ CertificateArn: certificate, SecurityPolicy: 'TLS_1_2' }],
    });
    expect(resource(packaged, 'DomainMapping')).toMatchObject({
      Condition: 'HasDomain',
      Properties: { ApiId: { Ref: 'HttpApi' }, DomainName: { Ref: 'Domain' } },
    });
  });

  it('encrypt everything that is stored with a key of ones own', () => {
    const keyOf: Readonly<Record<string, (properties: Properties) => unknown>> = {
      'AWS::DynamoDB::Table': ({ SSESpecification: encryption }) =>
        (encryption as Properties).KMSMasterKeyId,
      'AWS::SQS::Queue': ({ KmsMasterKeyId }) => KmsMasterKeyId,
      'AWS::SecretsManager::Secret': ({ KmsKeyId }) => KmsKeyId,
      'AWS::Logs::LogGroup': ({ KmsKeyId }) => KmsKeyId,
    };

    const keys = (template: Packaged) =>
      Object.entries(keyOf).map(([type, read]) => {
        const found = Object.values(resourcesOf(template, type));
        expect(found.length).toBeGreaterThan(1);
        return [type, new Set(found.map(({ Properties: properties }) => read(properties)))];
      });

    expect(keys(deployed(packaged))).toEqual(
      Object.keys(keyOf).map((type) => [type, new Set([key])]),
    );
    expect(keys(deployed({ ...packaged, parameters: { KmsKeyArn: { Default: '' } } }))).toEqual(
      Object.keys(keyOf).map((type) => [type, new Set([undefined])]),
    );
  });

  it('send alarms to a topic', () => {
    const alarms = Object.values(resourcesOf(deployed(packaged), 'AWS::CloudWatch::Alarm'));

    expect(alarms.length).toBeGreaterThan(5);
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toEqual([topic]);
    expect(Number(resource(packaged, 'ReauthorizationsAlarm').Properties.Threshold)).toBe(25);
    expect(Number(resource(packaged, 'KeyAgeAlarm').Properties.Threshold)).toBe(90);
  });

  it('leave the dashboard out', () => {
    expect(resourcesOf(packaged, 'AWS::CloudWatch::Dashboard')).not.toEqual({});
    expect(resourcesOf(deployed(packaged), 'AWS::CloudWatch::Dashboard')).toEqual({});
  });

  it('keep logs for as long as is said', () => {
    for (const { Properties } of Object.values(resourcesOf(packaged, 'AWS::Logs::LogGroup'))) {
      expect(Properties.RetentionInDays).toBe(365);
    }
  });

  it('narrow what vend serves, and divide its concurrency', () => {
    expect(lambdaFunction(packaged, 'vend').Properties).toMatchObject({
      Environment: { Variables: { VEND_ALLOW: 'hurma-*/*' } },
    });
    expect(lambdaFunction(packaged, 'refresh').Properties.ReservedConcurrentExecutions).toBe(20);
    expect(
      resource(packaged, 'RefreshEventSourceMappingSQSRefreshQueue').Properties.ScalingConfig,
    ).toEqual({ MaximumConcurrency: 10 });
  });
});
