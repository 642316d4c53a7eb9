import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { isFaultCode } from './fault.ts';
import { LineFormatter } from './log-line.ts';
import { type CountedMetric, type Dimensions, type MetricName, metrics } from './metrics.ts';

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
  /** Also counts the `code` of its details: metric `fault`. */
  readonly error: (event: string, details?: object) => void;
  /** Writes a decision about a caller, whatever the level of the log: event `access`. */
  readonly audit: (decision: AuditLine) => void;
  /** Counts one thing that happened. */
  readonly count: <Name extends CountedMetric>(name: Name, dimensions: Dimensions<Name>) => void;
  /** Publishes a value, in the unit of its metric. */
  readonly measure: <Name extends MetricName>(
    name: Name,
    value: number,
    dimensions: Dimensions<Name>,
  ) => void;
}

/** Who was let do what, in one line. */
export interface AuditLine {
  /** The IAM role or user, as the access policy is asked about it. None for a direct invocation. */
  readonly caller?: string;
  /** What the session of an assumed role is called by whoever assumed it: a hint, never a reason. */
  readonly session?: string;
  /** By a direct invocation: the function that was invoked, and under which version or alias. */
  readonly reach?: string;
  /** API Gateway's name for the request, which its own access log has too. */
  readonly apiRequestId?: string;
  readonly action: string;
  /** `client/connection`; `client/*` for a list. Absent where a caller was refused before. */
  readonly connection?: string;
  readonly decision: 'allowed' | 'denied';
  /** Of a vend: `vended`, or the error that was answered. */
  readonly outcome?: string;
  /** Of a vend: the fingerprint of the token that was handed out. */
  readonly token?: string;
}

/**
 * Service name, namespace and level come from the `POWERTOOLS_*` settings.
 *
 * @param clock - is told when an invocation begins: its container may have been frozen until then.
 */
export function functionLog(clock?: { readonly resume: () => void }): FunctionLog {
  const logger = new Logger({ logFormatter: new LineFormatter() });
  const auditor = new Logger({ logFormatter: new LineFormatter(), logLevel: 'INFO' });
  const publish = metricWriter();
  return {
    begin: (context) => {
      clock?.resume();
      logger.addContext(context);
      auditor.addContext(context);
    },
    info: (event, details = {}) => logger.info(event, { ...details }),
    warn: (event, details = {}) => logger.warn(event, { ...details }),
    error: (event, details = {}) => {
      logger.error(event, { ...details });
      const { code }: { readonly code?: unknown } = details;
      if (isFaultCode(code)) publish('fault', 1, { fault_code: code });
    },
    audit: (decision) => auditor.info('access', { ...decision }),
    count: (name, dimensions) => publish(name, 1, dimensions),
    measure: publish,
  };
}

/**
 * Writes metrics in CloudWatch's embedded format, each once for all sets of its dimensions. No other
 * member of what it is given gets into the line.
 */
function metricWriter() {
  // It warns of a dimension that is in two sets at once, as totals by an outcome are.
  const silence = () => undefined;
  const embedded = new Metrics({
    logger: { debug: silence, info: silence, warn: silence, error: silence },
  });
  return (name: MetricName, value: number, given: Readonly<Record<string, string>>): void => {
    const { unit, by } = metrics[name];
    for (const names of by) {
      const dimensions = names.map((each) => [each, given[each] ?? 'none']);
      embedded.addDimensions(Object.fromEntries(dimensions));
    }
    embedded.addMetric(name, unit, value);
    embedded.publishStoredMetrics();
  };
}
