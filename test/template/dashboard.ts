import { describe, expect, it } from 'vitest';
import { type MetricName, metrics } from '../../lib/metrics.ts';
import { isPublishedBy, metricNames, valuesOf } from '../support/metric-series.ts';
import { watchedBy } from './alarms.ts';
import { deployed } from './deployed.ts';
import type { Packaged } from './package-service.ts';
import { resource, resourcesOf } from './resources.ts';

interface Options {
  readonly expression?: string;
  readonly stat?: string;
}

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly region?: string;
    readonly stat?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly (string | Options)[])[];
  };
}

/** One line of a graph that shows a metric, by its namespace, or a search for metrics of ours. */
interface Shown {
  readonly namespace: string;
  readonly name: string;
  /** By name; of a search undefined, since it shows all there are. */
  readonly dimensions: Readonly<Record<string, string | undefined>>;
  readonly statistic: string | undefined;
}

/** The statistics that a metric of a unit is shown by. */
const statistics: Readonly<Record<string, RegExp>> = {
  Count: /^Sum$/,
  Seconds: /^Maximum$/,
  Milliseconds: /^(SampleCount|p\d\d)$/,
};

const search =
  /^SEARCH\('\{Evergrant,service,([\w,]+)\} MetricName="(\w+)" service="([\w-]+)"', '(\w+)', 300\)$/;

/** The widgets of the dashboard, as CloudWatch is given them but for what a deployment fills in. */
export function widgetsOf(packaged: Packaged): readonly Widget[] {
  const { DashboardBody } = resource(packaged, 'Dashboard').Properties as {
    readonly DashboardBody: { readonly 'Fn::Sub': string };
  };
  return JSON.parse(DashboardBody['Fn::Sub']).widgets;
}

/** What the dashboard shows. */
export function describeDashboard(packaged: Packaged): void {
  const widgets = widgetsOf(packaged);
  const graphs = widgets.filter(({ type }) => type === 'metric');
  const shown = graphs.flatMap(shownIn);
  const own = shown.filter(({ namespace }) => namespace === 'Evergrant');
  const of = (namespace: string, ...names: readonly string[]) =>
    names.map((name) => shown.filter((each) => each.namespace === namespace && each.name === name));

  describe('the dashboard', () => {
    it('is there unless it is not wanted', () => {
      const unwanted = { ...packaged.parameters, WithDashboard: { Default: 'false' } };

      expect(resource(deployed(packaged), 'Dashboard').Properties.DashboardName).toBe(
        'evergrant-dev',
      );
      expect(Object.keys(deployed({ ...packaged, parameters: unwanted }).resources)).not.toContain(
        'Dashboard',
      );
    });

    it('shows every metric of ours', () => {
      expect(new Set(own.map(({ name }) => name))).toEqual(new Set(metricNames));
    });

    it.each(own)('shows $name as it is published', ({ name, dimensions, statistic }) => {
      const { service, ...others } = dimensions;

      expect(service).toBe('evergrant-dev');
      expect(isPublishedBy(name, Object.keys(others))).toBe(true);
      for (const [dimension, value] of Object.entries(others)) {
        if (value !== undefined) expect(valuesOf(name as MetricName, dimension)).toContain(value);
      }
      expect(statistic).toMatch(statistics[metrics[name as MetricName].unit] ?? /^$/);
    });

    it('and the alarms between them read every series that is published', () => {
      const published = metricNames.flatMap((name) =>
        metrics[name].by.map((names) => [name, ...names.toSorted()].join(' ')),
      );
      const watched = Object.values(resourcesOf(packaged, 'AWS::CloudWatch::Alarm'))
        .flatMap(({ Properties }) => watchedBy(Properties))
        .map(({ name, dimensions }) => ({ name, names: dimensions.map(({ Name }) => Name) }));
      const graphed = own.map(({ name, dimensions }) => ({ name, names: Object.keys(dimensions) }));

      const read = [...watched, ...graphed].map(({ name, names }) =>
        [name, ...names.filter((each) => each !== 'service').toSorted()].join(' '),
      );
      expect(published.filter((series) => !read.includes(series))).toEqual([]);
    });

    it('shows errors, throttles and duration of every function', () => {
      const functions = Object.values(resourcesOf(packaged, 'AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.FunctionName,
      );

      for (const found of of('AWS/Lambda', 'Errors', 'Throttles', 'Duration')) {
        expect(found.map(({ dimensions }) => dimensions.FunctionName).sort()).toEqual(
          functions.toSorted(),
        );
      }
    });

    it('shows how many messages wait in every queue, and how long in those that are worked off', () => {
      const names = Object.keys(resourcesOf(packaged, 'AWS::SQS::Queue')).map(
        (id) => `\${${id}.QueueName}`,
      );
      const [waiting = [], oldest = []] = of(
        'AWS/SQS',
        'ApproximateNumberOfMessagesVisible',
        'ApproximateAgeOfOldestMessage',
      );

      const queuesOf = (found: readonly Shown[]) =>
        found.map(({ dimensions }) => dimensions.QueueName).sort();
      expect(queuesOf(waiting)).toEqual(names.toSorted());
      expect(queuesOf(oldest)).toEqual(names.filter((name) => !name.includes('Dead')).toSorted());
    });

    it('shows throttles of every table, and of each of its indexes', () => {
      const tables = Object.entries(resourcesOf(packaged, 'AWS::DynamoDB::Table'));
      const expected = tables.flatMap(([id, { Properties }]) => {
        const indexes = (Properties.GlobalSecondaryIndexes ?? []) as readonly {
          readonly IndexName: string;
        }[];
        return ['', ...indexes.map(({ IndexName }) => IndexName)].map((index) => `${id} ${index}`);
      });

      for (const found of of('AWS/DynamoDB', 'ReadThrottleEvents', 'WriteThrottleEvents')) {
        const places = found.map(
          ({ dimensions: { TableName, GlobalSecondaryIndexName = '' } }) =>
            `${TableName?.replaceAll(/\W/g, '')} ${GlobalSecondaryIndexName}`,
        );
        expect(places.sort()).toEqual(expected.toSorted());
      }
    });

    it('shows every alarm', () => {
      const alarms = widgets.flatMap(({ properties }) => properties.alarms ?? []);

      expect(alarms.toSorted()).toEqual(
        Object.keys(resourcesOf(packaged, 'AWS::CloudWatch::Alarm'))
          .map((id) => `\${${id}.Arn}`)
          .toSorted(),
      );
    });

    it('names no resource that is not there', () => {
      const named = [...JSON.stringify(widgets).matchAll(/\$\{([^}]*)\}/g)].map(
        ([, name = '']) => name,
      );

      const ids = named.filter((name) => name !== 'AWS::Region').map((name) => name.split('.')[0]);
      expect(ids.length).toBeGreaterThan(40);
      expect(ids.filter((id = '') => !(id in packaged.resources))).toEqual([]);
    });

    it('lays its widgets side by side, none over another, each graph in its Region and with a title', () => {
      const fields = widgets.flatMap(({ x, y, width, height }) =>
        Array.from({ length: width * height }, (_, index) => {
          const column = x + (index % width);
          expect(column).toBeLessThan(24);
          return `${column} ${y + Math.floor(index / width)}`;
        }),
      );

      expect(new Set(fields).size).toBe(fields.length);
      for (const { properties } of graphs) {
        expect(properties.region).toBe(`\${AWS::Region}`);
        expect(properties.title).toMatch(/^[A-Z]/);
      }
      expect(new Set(graphs.map(({ properties }) => properties.title)).size).toBe(graphs.length);
    });
  });
}

/** The lines of a graph. Reckoning with lines that are there is left out. */
function shownIn({ properties }: Widget): readonly Shown[] {
  return (properties.metrics ?? []).flatMap((line) => {
    const words = line.filter((part) => typeof part === 'string');
    const [options = {}] = line.filter((part): part is Options => typeof part === 'object');
    const { expression, stat = properties.stat } = options;
    if (expression !== undefined) return searched(expression);
    const [namespace = '', name = '', ...pairs] = words;
    const dimensions = Object.fromEntries(
      pairs.flatMap((word, index) => (index % 2 === 0 ? [[word, pairs[index + 1]]] : [])),
    );
    return [{ namespace, name, dimensions, statistic: stat }];
  });
}

function searched(expression: string): readonly Shown[] {
  const found = search.exec(expression);
  if (!found) {
    expect(expression).toMatch(/^age\d \/ 86400$/);
    return [];
  }
  const [, names = '', name = '', service = '', statistic] = found;
  const others = names.split(',').map((each) => [each, undefined] as const);
  return [
    {
      namespace: 'Evergrant',
      name,
      dimensions: { service, ...Object.fromEntries(others) },
      statistic,
    },
  ];
}
