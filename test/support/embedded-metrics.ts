import { expect } from 'vitest';
import { metrics } from '../../lib/metrics.ts';

/** A value of a metric as CloudWatch reads it from the log, and what it is told apart by. */
export interface EmbeddedMetric {
  readonly name: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * The metrics among the lines of a log. Each has to be one of the list, with its unit, its sets of
 * dimensions and one number, and no member besides.
 *
 * @see {@link https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html}
 */
export function readMetrics(
  lines: readonly Readonly<Record<string, unknown>>[],
): readonly EmbeddedMetric[] {
  return lines.filter((line) => '_aws' in line).map(readMetric);
}

function readMetric({
  _aws: embedded,
  service,
  ...members
}: Readonly<Record<string, unknown>>): EmbeddedMetric {
  const [name = ''] = Object.keys(members).filter((member) => Object.hasOwn(metrics, member));
  const { unit, by } = metrics[name as keyof typeof metrics];
  const { [name]: value, ...dimensions } = members;
  const sets = by.map((names) => ['service', ...names]);
  expect({ service, embedded }).toEqual({
    service: 'evergrant',
    embedded: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        { Namespace: 'Evergrant', Dimensions: sets, Metrics: [{ Name: name, Unit: unit }] },
      ],
    },
  });
  expect(Object.keys(dimensions).sort()).toEqual([...new Set(by.flat())].sort());
  expect(value).toEqual(expect.any(Number));
  return {
    name,
    value: Number(value),
    dimensions: dimensions as Readonly<Record<string, string>>,
  };
}
