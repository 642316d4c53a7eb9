import type { FunctionLog } from '../../lib/log.ts';

/** One line as it was logged. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines, for a test to look at, and the names of what was counted. */
export interface RecordingLog extends FunctionLog {
  readonly lines: readonly LogLine[];
  readonly counted: readonly string[];
}

/** A `FunctionLog` in two arrays. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = [];
  const counted: string[] = [];
  const write = (level: LogLine['level']) => (event: string, details?: object) => {
    lines.push({ level, event, details: { ...details } });
  };
  return {
    lines,
    counted,
    begin: () => undefined,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    audit: (decision) => write('info')('access', decision),
    count: (name) => {
      counted.push(name);
    },
  };
}
