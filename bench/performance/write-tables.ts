/**
 * Fills the tables of docs/performance.md from figures.
 *
 * A table stands between `<!-- figures: NAME -->` and `<!-- end -->`. One whose figures are not there
 * stays as it is.
 *
 * @module
 */

import type { MachineDescription } from '../stack/machine.ts';
import { readUnits, writeCosts } from './cost-table.ts';
import type { FigureLine } from './figure.ts';
import { writeRows } from './table.ts';

/** A figure as it was printed, with where it comes from. */
export interface Reported extends FigureLine, MachineDescription {
  readonly quick: boolean;
}

type WriteTable = (figures: Figures) => readonly string[];

/** Figures by name. */
export type Figures = ReadonlyMap<string, Reported>;

const tables: Readonly<Record<string, WriteTable>> = {
  machine: writeMachine,
  bundles: writeBundles,
  cold: writeCold,
  vend: (figures) => writeTimes(figures, 'vend.'),
  throughput: writeThroughput,
  browser: (figures) => writeTimes(figures, 'browser.'),
  units: writeUnits,
  refresh: writeRefresh,
  scheduler: writeScheduler,
  costs: (figures) => {
    const units = readUnits(figures);
    return units ? writeCosts(units) : [];
  },
};

/** @returns the text with every table whose figures are there filled anew. */
export function writeTables(text: string, reported: readonly Reported[]): string {
  const figures = new Map(reported.map((each) => [each.figure, each]));
  return text.replace(
    /(<!-- figures: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (all, begin: string, name: string, end: string) => {
      const write = tables[name];
      if (!write) throw new Error(`there is no table ${name}`);
      const lines = write(figures);
      return lines.length === 0 ? all : `${begin}${lines.join('\n')}\n${end}`;
    },
  );
}

function writeMachine(figures: Figures): readonly string[] {
  const all = [...figures.values()];
  const [first] = all;
  if (!first) return [];
  const { machine, versions, measured_at: measuredAt } = first;
  const loads = all.flatMap(({ load }) => load);
  const quick = all.some((each) => each.quick)
    ? ' Scaled down (`--quick`): no figure of speed.'
    : '';
  return [
    `Measured on ${measuredAt.slice(0, 10)} on ${machine.processors} processors (${machine.model}), Node`,
    `${versions.node}, commit ${versions.commit}; load average of the machine before and after each measure from`,
    `${Math.min(...loads)} to ${Math.max(...loads)}, the measures themselves included.${quick}`,
  ];
}

function writeBundles(figures: Figures): readonly string[] {
  const rows = select(figures, /^bundles\.(.+)\.size$/).map(([[, key], { median, parameters }]) => {
    const { heaviest_packages_kib: packages = {} } = (parameters ?? {}) as Heaviest;
    const heaviest = Object.entries(packages).slice(0, 5);
    return [key, median, heaviest.map(([name, kib]) => `${name} ${kib}`).join(', ')];
  });
  return writeRows(['bundle', 'KiB', 'its heaviest packages, KiB'], rows);
}

interface Heaviest {
  readonly heaviest_packages_kib?: Readonly<Record<string, number>>;
}

function writeCold(figures: Figures): readonly string[] {
  const rows = select(figures, /^cold\.(.+)\.first_answer$/).map(([[, key], first]) => {
    const beside = (name: string) => first.ratios?.[`cold.${name}.first_answer`];
    const median = (what: string) => figures.get(`cold.${key}.${what}`)?.median;
    return [
      ...[key, first.median, `${first.min} – ${first.max}`, median('import'), median('cpu')],
      ...[beside('empty-handler'), beside('bare-get-item')],
    ];
  });
  return writeRows(
    [
      'bundle',
      'first answer, ms',
      'spread',
      'import, ms',
      'processor, ms',
      '× empty',
      '× bare SDK',
    ],
    rows,
  );
}

function writeTimes(figures: Figures, prefix: string): readonly string[] {
  const rows = select(figures, /^(.+)\.latency_p50$/)
    .filter(([[, name = '']]) => name.startsWith(prefix))
    .map(([[, name = ''], p50]) => {
      const of = (what: string) => figures.get(`${name}.${what}`);
      const [ratio] = Object.values(of('cpu')?.ratios ?? {});
      const label = name.slice(prefix.length).replaceAll('_', ' ');
      return [
        ...[label, p50.median, `${p50.min} – ${p50.max}`, of('latency_p99')?.median],
        ...[of('cpu')?.median, ratio, toKib(of('allocation')?.median)],
      ];
    });
  return writeRows(
    ['', 'p50, µs', 'spread', 'p99, µs', 'processor, µs', '× its floor', 'allocated, KiB'],
    rows,
  );
}

const toKib = (bytes: number | undefined) =>
  bytes === undefined ? undefined : Math.round(bytes / 102.4) / 10;

function writeThroughput(figures: Figures): readonly string[] {
  const found = select(figures, /^vend\.(\w+)\.throughput_of_one_process$/);
  const rows = found.map(([[, kind = ''], one]) => {
    const two = figures.get(`vend.${kind}.throughput_of_two_processes`);
    return [
      kind.replaceAll('_', ' '),
      one.median,
      two?.median,
      Object.values(two?.ratios ?? {})[0],
    ];
  });
  return writeRows(['', 'one process, per second', 'two', '×'], rows);
}

function writeUnits(figures: Figures): readonly string[] {
  const rows = select(figures, /^units\.(.+)\.write$/).map(([[, name = ''], write]) => {
    const { of_one: operations = {} } = (write.parameters ?? {}) as Operations;
    const told = Object.entries(operations).map(([operation, { requests, units, index_units }]) => {
      const index = index_units > 0 ? ` + ${index_units}` : '';
      return `${requests} ${operation} (${units}${index})`;
    });
    const label = name.replace('.', ', ').replaceAll('_', ' ');
    return [
      label,
      write.median,
      figures.get(`units.${name}.read`)?.median,
      told.join(', ') || 'none',
    ];
  });
  return writeRows(['', 'write units', 'read units', 'requests (units + those of indexes)'], rows);
}

interface Operations {
  readonly of_one?: Readonly<
    Record<
      string,
      { readonly requests: number; readonly units: number; readonly index_units: number }
    >
  >;
}

function writeRefresh(figures: Figures): readonly string[] {
  const pattern = /^refresh\.(\d+)_due\.provider_(\d+)_ms\.until_fresh$/;
  const rows = select(figures, pattern).map(([[, due, latency], fresh]) => {
    const { least_seconds: least } = (fresh.parameters ?? {}) as {
      readonly least_seconds?: number;
    };
    const cpu = figures.get(`refresh.${due}_due.provider_${latency}_ms.cpu_of_refresh`);
    const spread = `${fresh.min} – ${fresh.max} (${fresh.runs.length})`;
    return [due, latency, fresh.median, spread, least, cpu?.median];
  });
  return writeRows(
    [
      'due',
      'provider, ms',
      'all fresh after, s',
      'spread (runs)',
      'least, s',
      'processor of `refresh`, ms each',
    ],
    rows,
  );
}

function writeScheduler(figures: Figures): readonly string[] {
  const pattern = /^scheduler\.(\d+)_stored\.(\d+)_percent_due\.run$/;
  const rows = select(figures, pattern).map(([[, stored, percent], time]) => {
    const of = (what: string) =>
      figures.get(`scheduler.${stored}_stored.${percent}_percent_due.${what}`)?.median;
    const due = (Number(stored) * Number(percent)) / 100;
    return [stored, due, time.median, `${time.min} – ${time.max}`, of('read'), of('memory')];
  });
  return writeRows(['stored', 'due', 'a run, ms', 'spread', 'read units', 'memory, MiB'], rows);
}

function select(
  figures: Figures,
  pattern: RegExp,
): readonly (readonly [readonly string[], Reported])[] {
  return [...figures].flatMap(([name, each]) => {
    const match = pattern.exec(name);
    return match ? [[[...match], each] as const] : [];
  });
}
