import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { LineFormatter } from './log-line.ts';

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
  /** Writes a decision about a caller, whatever the level of the log: event `access`. */
  readonly audit: (decision: AuditLine) => void;
  /** Counts one thing that happened. */
  readonly count: (name: string, dimensions?: Readonly<Record<string, string>>) => void;
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
  const metrics = new Metrics();
  return {
    begin: (context) => {
      clock?.resume();
      logger.addContext(context);
      auditor.addContext(context);
    },
    info: (event, details = {}) => logger.info(event, { ...details }),
    warn: (event, details = {}) => logger.warn(event, { ...details }),
    error: (event, details = {}) => logger.error(event, { ...details }),
    audit: (decision) => auditor.info('access', { ...decision }),
    count: (name, dimensions = {}) => {
      const metric = metrics.singleMetric();
      metric.addDimensions({ ...dimensions });
      // Once more without them: alarms watch the total of a service.
      if (Object.keys(dimensions).length > 0) metric.addDimensions({});
      metric.addMetric(name, MetricUnit.Count, 1);
    },
  };
}
