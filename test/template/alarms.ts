import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MetricName, metrics } from '../../lib/metrics.ts';
import { isPublishedBy, valuesOf } from '../support/metric-series.ts';
import type { Packaged } from './package-service.ts';
import { eventsDeadQueue, queues } from './queues.ts';
import { resource, resourcesOf } from './resources.ts';

type AlarmProperties = Readonly<Record<string, unknown>>;

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}

/** One metric that an alarm looks at. */
interface Watched {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly statistic: unknown;
  readonly period: number;
}

const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

/** Alarms for which no data is a reason to ring, or no reason to change their mind. All others: none. */
const withoutData: Readonly<Record<string, string>> = {
  RefreshDueSilentAlarm: 'breaching',
  DueLagAlarm: 'breaching',
  KeyAgeAlarm: 'ignore',
};

/** How a value of each unit may be put together. */
const statistics: Readonly<Record<string, readonly unknown[]>> = {
  Count: ['Sum'],
  Seconds: ['Maximum'],
  Milliseconds: ['SampleCount', 'p90'],
};

/** Who is told what. */
export function describeAlarms(packaged: Packaged): void {
  const alarms = Object.entries(resourcesOf(packaged, 'AWS::CloudWatch::Alarm')).map(
    ([id, { Properties }]) => ({ id, properties: Properties, watched: watchedBy(Properties) }),
  );
  const on = (metric: string, dimension: object) =>
    alarms
      .map(({ properties }) => properties)
      .filter(
        ({ MetricName, Dimensions }) =>
          MetricName === metric && JSON.stringify(Dimensions) === JSON.stringify([dimension]),
      );
  const ofStage = { Name: 'service', Value: 'evergrant-dev' };
  const propertiesOf = (id: string) => alarms.find((alarm) => alarm.id === id)?.properties;

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

    it('watch the errors of every function', () => {
      const functions = Object.keys(resourcesOf(packaged, 'AWS::Lambda::Function'));
      const found = alarms
        .flatMap(({ watched }) => watched)
        .filter(({ namespace, name }) => namespace === 'AWS/Lambda' && name === 'Errors')
        .flatMap(({ dimensions }) => dimensions.map(({ Value }) => Value));

      expect(found).toEqual(expect.arrayContaining(functions.map((Ref) => ({ Ref }))));
      expect(found).toHaveLength(functions.length);
      expect(propertiesOf('FunctionErrorsAlarm')).toMatchObject({
        Metrics: expect.arrayContaining([
          expect.objectContaining({ Expression: 'SUM(METRICS())' }),
        ]),
      });
    });

    it('watch a schedule that has fallen silent, of which there is no data', () => {
      const { properties, watched } = alarms.find(({ id }) => id === 'RefreshDueSilentAlarm') ?? {};

      expect(watched).toMatchObject([
        { name: 'Invocations', dimensions: [{ Value: { Ref: 'RefreshDashdueLambdaFunction' } }] },
      ]);
      expect(properties).toMatchObject({
        Metrics: expect.arrayContaining([
          expect.objectContaining({ Expression: 'FILL(invocations, 0)' }),
        ]),
        Threshold: 1,
        EvaluationPeriods: 2,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      });
    });

    it.each([
      ['client_refused', 300, 1],
      ['reauthorization_required', 3600, 10],
      ['reauthorization_held', 300, 1],
      // An open breaker is opened anew after 300 s, up to 60 s of jitter, a minute of the schedule's
      // and 45 s of the provider's.
      ['breaker_opened', 600, 1],
      ['answer_lost', 300, 1],
    ])('watch %s, over all providers of the stage', (metric, period, threshold) => {
      expect(on(metric, ofStage)).toEqual([
        expect.objectContaining({
          Namespace: 'Evergrant',
          Statistic: 'Sum',
          Period: period,
          Threshold: threshold,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        }),
      ]);
    });

    it('watch how far the schedule is behind: after three deliveries of a message, and twice', () => {
      const { VisibilityTimeout } = resource(packaged, 'RefreshQueue').Properties;

      const [lag] = on('due_lag', ofStage);
      expect(lag).toMatchObject({ EvaluationPeriods: 2, Period: 300 });
      expect(Number(lag?.Threshold)).toBeGreaterThan(3 * Number(VisibilityTimeout));
      expect(on('held_lag', ofStage)).toEqual([expect.objectContaining({ Threshold: 3600 })]);
    });

    it('watch how many vends fail through no fault of their callers', () => {
      expect(propertiesOf('VendFailuresAlarm')).toMatchObject({
        Metrics: [
          { Expression: 'unavailable / all' },
          { Id: 'unavailable', ReturnData: false },
          { Id: 'all', ReturnData: false },
        ],
        Threshold: 0.1,
        DatapointsToAlarm: 2,
        EvaluationPeriods: 3,
      });
    });

    it('watch how long a token takes, in milliseconds and less than a caller waits', () => {
      const { Threshold, ...slow } = propertiesOf('VendSlowAlarm') ?? {};

      expect(slow).toMatchObject({
        ExtendedStatistic: 'p90',
        EvaluateLowSampleCountPercentile: 'ignore',
      });
      expect(Number(Threshold)).toBeLessThan(10_000);
    });

    it('watch how old keys are, in days', () => {
      expect(propertiesOf('KeyAgeAlarm')).toMatchObject({
        Metrics: expect.arrayContaining([
          expect.objectContaining({ Expression: 'MAX([access, renewal]) / 86400' }),
        ]),
        Threshold: 400,
      });
    });

    it.each(alarms)(
      '$id watches what is published, put together as its unit asks',
      ({ watched }) => {
        expect(watched.length).toBeGreaterThan(0);
        for (const { namespace, name, dimensions, statistic } of watched) {
          if (namespace !== 'Evergrant') {
            expect(namespace).toMatch(/^AWS\//);
            expect(dimensions.length).toBeGreaterThan(0);
            continue;
          }
          const [service, ...others] = dimensions;
          expect(service).toEqual(ofStage);
          expect(
            isPublishedBy(
              name,
              others.map(({ Name }) => Name),
            ),
          ).toBe(true);
          for (const { Name, Value } of others) {
            expect(valuesOf(name as MetricName, Name)).toContain(Value);
          }
          expect(statistics[metrics[name as MetricName].unit]).toContain(statistic);
        }
      },
    );

    it.each(alarms)('$id knows what no data means', ({ id, properties }) => {
      expect(properties.TreatMissingData).toBe(withoutData[id] ?? 'notBreaching');
    });

    it.each(alarms)(
      '$id looks at minutes to an hour, and at no more than it evaluates',
      (alarm) => {
        const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods } = alarm.properties;
        const periods = new Set(alarm.watched.map(({ period }) => period));

        expect(periods.size).toBe(1);
        expect([300, 600, 3600]).toContain([...periods][0]);
        expect(Number(DatapointsToAlarm)).toBeLessThanOrEqual(Number(EvaluationPeriods));
        expect(Number(EvaluationPeriods)).toBeLessThanOrEqual(3);
      },
    );

    it('say what to do, and tell the topic if there is one', () => {
      for (const { properties } of alarms) {
        expect(properties.AlarmDescription).toMatch(/;|\. Look/);
        expect(properties.AlarmActions).toEqual({
          'Fn::If': ['HasAlarmTopic', [{ Ref: 'AlarmTopicArn' }], []],
        });
      }
    });

    it('are as many as the guide counts for their price', () => {
      const priced = alarms.flatMap(({ watched }) => watched).length;
      const [, ...counted] = /(\d+) alarms look at (\d+) metrics/.exec(operations) ?? [];

      expect(counted.map(Number)).toEqual([alarms.length, priced]);
    });
  });
}

/** The metrics of an alarm, whether it names one or reckons with several. */
export function watchedBy(properties: AlarmProperties): readonly Watched[] {
  const { Metrics, Namespace, MetricName, Dimensions, Period } = properties;
  if (Metrics === undefined) {
    const { Statistic, ExtendedStatistic } = properties;
    return [
      {
        namespace: String(Namespace),
        name: String(MetricName),
        dimensions: Dimensions as readonly Dimension[],
        statistic: Statistic ?? ExtendedStatistic,
        period: Number(Period),
      },
    ];
  }
  return (Metrics as readonly AlarmProperties[]).flatMap(({ MetricStat }) => {
    if (MetricStat === undefined) return [];
    const { Metric, Stat, Period } = MetricStat as AlarmProperties;
    return watchedBy({ ...(Metric as AlarmProperties), Statistic: Stat, Period });
  });
}
