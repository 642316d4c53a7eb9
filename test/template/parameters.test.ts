import { describe, expect, it } from 'vitest';
import { packageService } from './package-service.ts';
import { lambdaFunction, resource } from './resources.ts';

const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd';
const topic = 'arn:aws:sns:eu-central-1:123456789012:alarms';

describe('the parameters', () => {
  const packaged = packageService('prod', [
    'domainName=oauth.example.com',
    'certificateArn=arn:aws:acm:eu-central-1:123456789012:certificate/1',
    `kmsKeyArn=${key}`,
    `alarmTopicArn=${topic}`,
    'vendAllow=hurma-*/*',
    'refreshConcurrency=20',
    'refreshQueueConcurrency=10',
  ]);

  it('put a domain of ones own in front of the API, and into every redirect URI', () => {
    const { Environment } = lambdaFunction(packaged, 'connect').Properties;

    expect(packaged.conditions.HasDomain).toEqual({
      'Fn::Not': [{ 'Fn::Equals': ['oauth.example.com', ''] }],
    });
    expect(Environment).toMatchObject({
      Variables: {
        PUBLIC_BASE_URL: {
          'Fn::If': ['HasDomain', 'https://oauth.example.com', expect.anything()],
        },
      },
    });
    expect(resource(packaged, 'Domain')).toMatchObject({
      Condition: 'HasDomain',
      Properties: { DomainName: 'oauth.example.com' },
    });
    expect(resource(packaged, 'DomainMapping')).toMatchObject({
      Condition: 'HasDomain',
      Properties: { ApiId: { Ref: 'HttpApi' }, DomainName: { Ref: 'Domain' } },
    });
  });

  it('encrypt tables, queues and key rings with a key of ones own, usable by no other way', () => {
    const choice = { 'Fn::If': ['HasKmsKey', key, { Ref: 'AWS::NoValue' }] };

    expect(resource(packaged, 'TokensTable').Properties).toMatchObject({
      SSESpecification: { KMSMasterKeyId: choice },
    });
    expect(resource(packaged, 'RevokeQueue').Properties.KmsMasterKeyId).toEqual(choice);
    expect(resource(packaged, 'RenewalKeyRing').Properties.KmsKeyId).toEqual(choice);
    expect(resource(packaged, 'KmsKeyPolicy')).toMatchObject({
      Condition: 'HasKmsKey',
      Properties: {
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
              Resource: key,
              Condition: {
                StringEquals: {
                  'kms:ViaService': ['dynamodb', 'secretsmanager', 'sqs'].map((service) => ({
                    'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}`,
                  })),
                },
              },
            },
          ],
        },
      },
    });
  });

  it('send alarms to a topic', () => {
    const { AlarmActions } = resource(packaged, 'RevokeDeadQueueAlarm').Properties;

    expect(AlarmActions).toEqual({ 'Fn::If': ['HasAlarmTopic', [topic], []] });
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
