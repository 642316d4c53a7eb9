import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';

/**
 * One function's log and metrics: JSON lines to standard output, metrics in CloudWatch's embedded
 * format among them.
 *
 * Details are ids, codes and numbers. Errors are never handed over whole: their messages and causes
 * may hold what somebody else wrote.
 */
export interface FunctionLog {
  /** Starts an invocation: its request id stands in every line from here on. */
  readonly begin: (context: Context) => void;
  readonly info: (event: string, details?: object) => void;
  readonly warn: (event: string, details?: object) => void;
  readonly error: (event: string, details?: object) => void;
  /** Counts one thing that happened. */
  readonly count: (name: string, dimensions?: Readonly<Record<string, string>>) => void;
}

/** Service name, namespace and level come from the `POWERTOOLS_*` settings. */
export function functionLog(): FunctionLog {
  const logger = new Logger();
  const metrics = new Metrics();
  return {
    begin: (context) => logger.addContext(context),
    info: (event, details = {}) => logger.info(event, { ...details }),
    warn: (event, details = {}) => logger.warn(event, { ...details }),
    error: (event, details = {}) => logger.error(event, { ...details }),
    count: (name, dimensions = {}) => {
      const metric = metrics.singleMetric();
      metric.addDimensions({ ...dimensions });
      metric.addMetric(name, MetricUnit.Count, 1);
    },
  };
}

/**
 * What may be logged of an error that is not one of our faults: its class and where it was thrown,
 * not its message or cause.
 */
export function describeUnexpected(error: unknown): object {
  if (!(error instanceof Error)) return { code: 'UNEXPECTED', thrown: typeof error };
  const { name, message, stack = '' } = error;
  // The message stands before the frames, and one of its lines may look like a frame.
  const before = stack.indexOf(message);
  const below = before < 0 ? [] : stack.slice(before + message.length).split('\n');
  const frames = below.slice(1).filter((line) => /^\s+at /.test(line));
  const thrown = /^\w{1,80}$/.test(name) ? name : 'Error';
  return { code: 'UNEXPECTED', thrown, at: frames.map((line) => line.trim()) };
}
