/**
 * Faults in the words of the interface: `{ error, error_description, status, … }`, over HTTP and
 * direct alike. The only place where a fault becomes an answer.
 *
 * @module
 */
import { type AnyFault, isFault } from './fault.ts';
import type { FunctionLog } from './log.ts';
import { describeUnexpected } from './log-line.ts';

/** A failure as a caller sees it. Nothing secret, and nothing that a provider wrote, is in it. */
export interface Problem {
  readonly error: string;
  readonly error_description: string;
  readonly status: number;
  /** Seconds. */
  readonly retry_after?: number;
  readonly reason?: string;
  /** Epoch seconds. */
  readonly since?: number;
}

/** How long to wait when nobody knows better, in seconds. */
const retryAfter = 30;

/** What the caller of a failed request is told. */
export function buildProblem(error: unknown): Problem {
  if (!isFault(error)) return serverError;
  return problemOf(error);
}

const serverError: Problem = {
  error: 'server_error',
  error_description: 'something unexpected happened here; the log tells more',
  status: 500,
};

function problemOf(fault: AnyFault): Problem {
  const { message: error_description } = fault;
  switch (fault.code) {
    case 'REQUEST_INVALID':
      return { error: 'invalid_request', error_description: named(fault), status: 400 };
    case 'ACCESS_DENIED':
      return { error: 'access_denied', error_description, status: 403 };
    case 'UNKNOWN_CLIENT':
      return { error: 'unknown_client', error_description, status: 404 };
    case 'UNKNOWN_CONNECTION':
      return { error: 'unknown_connection', error_description, status: 404 };
    case 'ACCOUNT_MISMATCH':
      return { error: 'account_mismatch', error_description, status: 409 };
    case 'CONNECTION_CHANGED':
      return { error: 'connection_changed', error_description, status: 409 };
    case 'REAUTHORIZATION_REQUIRED': {
      const { reason, since } = fault.context;
      const error = 'reauthorization_required';
      return { error, error_description, status: 409, reason, since };
    }
    case 'CREDENTIALS_REFUSED':
      return { error: 'credentials_refused', error_description, status: 422 };
    case 'SLOW_DOWN': {
      const { retryAfterSeconds: retry_after } = fault.context;
      return { error: 'slow_down', error_description, status: 429, retry_after };
    }
    case 'CLIENT_REFUSED':
    case 'PROVIDER_ANSWER_INVALID':
    case 'PROVIDER_REFUSED_REQUEST':
      return { error: 'provider_error', error_description, status: 502 };
    case 'PROVIDER_UNAVAILABLE':
    case 'TEMPORARILY_UNAVAILABLE':
      return unavailable(error_description, fault.context.retryAfterSeconds);
    case 'REGISTRATION_INVALID':
    case 'CLIENT_CHANGED':
      return unavailable(named(fault));
    case 'OUT_OF_TIME':
    case 'STORE_UNAVAILABLE':
    case 'SEALED_VALUE_INVALID':
    case 'KEY_RING_INVALID':
    case 'ROW_INVALID':
    case 'CONFIGURATION_INVALID':
      return unavailable(error_description);
    default:
      return fault satisfies never;
  }
}

/** A provider may say "at once"; whoever asks us waits a second all the same. */
function unavailable(error_description: string, seconds = retryAfter): Problem {
  const retry_after = Math.max(1, seconds);
  return { error: 'temporarily_unavailable', error_description, status: 503, retry_after };
}

/** The advice, and each thing that it is about. */
function named(fault: AnyFault & { readonly context: { readonly problems: readonly string[] } }) {
  return `${fault.message}: ${fault.context.problems.join('; ')}`;
}

/** What the log says of a failure: what happened, where to look, what to do. */
export function describeFailure(error: unknown): object {
  if (!isFault(error)) return describeUnexpected(error);
  return { code: error.code, advice: error.message, context: error.context };
}

/** Logs a failure, as an error where it is ours to look into, and tells what to answer. */
export function reportFailure(log: Pick<FunctionLog, 'info' | 'error'>, error: unknown): Problem {
  const problem = buildProblem(error);
  const details = { status: problem.status, ...describeFailure(error) };
  if (isOurs(problem)) log.error('request_failed', details);
  else log.info('request_refused', details);
  return problem;
}

/** Whether it is for us to look into, or only the caller's own mistake. */
export function isOurs({ status }: Problem): boolean {
  return status >= 500;
}
