import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import { eventsDeadQueue, queues } from './queues.ts';
import { resourcesOf } from './resources.ts';

type AlarmProperties = Readonly<Record<string, unknown>>;

/** Who is told what. */
export function describeAlarms(packaged: Packaged): void {
  const alarms: readonly AlarmProperties[] = Object.values(
    resourcesOf(packaged, 'AWS::CloudWatch::Alarm'),
  ).map(({ Properties }) => Properties);
  const on = (metric: string, dimension: object) =>
    alarms.filter(
      ({ MetricName, Dimensions }) =>
        MetricName === metric && JSON.stringify(Dimensions) === JSON.stringify([dimension]),
    );

  describe('the alarms', () => {
    it.each([...queues, ['the stream', eventsDeadQueue, 'events']] as const)(
      'watch the dead letters of %s: %s',
      (_, dead) => {
        const Value = { 'Fn::GetAtt': [dead, 'QueueName'] };

        expect(on('ApproximateNumberOfMessagesVisible', { Name: 'QueueName', Value })).toEqual([
          expect.objectContaining({
            Namespace: 'AWS/SQS',
            Threshold: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          }),
        ]);
      },
    );

    it('watch how long an answer has waited to be stored', () => {
      const Value = { 'Fn::GetAtt': ['RecoveryQueue', 'QueueName'] };

      expect(on('ApproximateAgeOfOldestMessage', { Name: 'QueueName', Value })).toEqual([
        expect.objectContaining({ Namespace: 'AWS/SQS', Threshold: 900 }),
      ]);
    });

    it('watch how long a change has waited to be told', () => {
      const dimension = { Name: 'FunctionName', Value: { Ref: 'PublishDasheventsLambdaFunction' } };

      expect(on('IteratorAge', dimension)).toEqual([
        expect.objectContaining({
          Namespace: 'AWS/Lambda',
          Statistic: 'Maximum',
          Threshold: 900_000,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        }),
      ]);
    });

    it.each([
      ['Errors', 'PublishDasheventsLambdaFunction'],
      ['Errors', 'RefreshLambdaFunction'],
      ['Errors', 'RefreshDashdueLambdaFunction'],
      ['Throttles', 'VendLambdaFunction'],
    ])('watch the %s of %s', (metric, id) => {
      expect(on(metric, { Name: 'FunctionName', Value: { Ref: id } })).toEqual([
        expect.objectContaining({
          Namespace: 'AWS/Lambda',
          Threshold: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        }),
      ]);
    });

    it('watch a schedule that has fallen silent, of which there is no data', () => {
      const dimension = { Name: 'FunctionName', Value: { Ref: 'RefreshDashdueLambdaFunction' } };

      expect(on('Invocations', dimension)).toEqual([
        expect.objectContaining({
          ComparisonOperator: 'LessThanThreshold',
          TreatMissingData: 'breaching',
        }),
      ]);
    });

    it.each([
      ['client_refused', 300, 1],
      ['reauthorization_required', 3600, 10],
      ['reauthorization_held', 300, 1],
      ['breaker_opened', 300, 1],
    ])('watch %s, over all providers of the stage', (metric, period, threshold) => {
      expect(on(metric, { Name: 'service', Value: 'evergrant-dev' })).toEqual([
        expect.objectContaining({
          Namespace: 'Evergrant',
          Statistic: 'Sum',
          Period: period,
          Threshold: threshold,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          TreatMissingData: 'notBreaching',
        }),
      ]);
    });

    it('say what to do, and tell the topic if there is one', () => {
      expect(alarms).toHaveLength(15);
      for (const { AlarmDescription, AlarmActions } of alarms) {
        expect(AlarmDescription).toMatch(/;|\. Look/);
        expect(AlarmActions).toEqual({
          'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmTopicArn' }], []],
        });
      }
    });
  });
}
