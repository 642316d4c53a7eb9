import type { FunctionLog } from '../../lib/log.ts';

/** One line as it was logged. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A value of a metric; of what was counted, 1. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A log that keeps its lines, for a test to look at, and the names of what was counted. */
export interface RecordingLog extends FunctionLog {
  readonly lines: readonly LogLine[];
  readonly counted: readonly string[];
  readonly measured: readonly Measured[];
}

/** A `FunctionLog` in three arrays. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  const counted: string[] = [];
  const measured: Measured[] = [];
  const write = (level: LogLine['level']) => (event: string, details?: object) => {
    lines.push({ level, event, details: { ...details } });
  };
  return {
    lines,
    counted,
    measured,
    begin: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    audit: (decision) => write('info')('access', decision),
    count: (name, dimensions) => {
      counted.push(name);
      measured.push({ name, value: 1, dimensions });
    },
    measure: (name, value, dimensions) => {
      measured.push({ name, value, dimensions });
    },
  };
}
