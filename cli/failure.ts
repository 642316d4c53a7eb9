/**
 * How a command ends when it cannot do what it was asked: in words, in JSON, and in a number.
 *
 * @module
 */
import { isFault } from '../lib/fault.ts';
import { buildProblem } from '../lib/problem.ts';

/** What the process says to the shell. Stable: scripts match on it. */
export const exitCodes = {
  done: 0,
  /** Something unexpected, or a refusal without a number of its own. */
  failed: 1,
  /** The command, or a file given to it, is not valid. */
  usage: 2,
  /** A check was made, and found something wrong. */
  found: 3,
  /** AWS or the access policy does not allow it. */
  denied: 4,
  /** There is no such thing. */
  unknown: 5,
  /** Only the resource owner can help. */
  reauthorization: 6,
  /** It may work later. */
  later: 7,
  /** Ctrl-C: what was at hand is finished. */
  interrupted: 130,
} as const;

export type Ending = keyof typeof exitCodes;

/** A failure as JSON; `error` is stable. Holds no secret. */
export interface FailureMessage {
  readonly error: string;
  readonly error_description: string;
  readonly [member: string]: unknown;
}

/** Ends a command: what went wrong, and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly ending: Ending;
  readonly report: FailureMessage;

  /** @param report - `error_description` says what is wrong and what to do about it. */
  constructor(ending: Ending, report: FailureMessage) {
    super(report.error_description);
    this.ending = ending;
    this.report = report;
  }
}

/** The command is not valid as it was given. */
export function usageFailure(problem: string): Failure {
  return new Failure('usage', { error: 'usage', error_description: problem });
}

/** Any error as the end of a command. Errors that are nobody's in particular keep their words. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isFault(error)) {
    const { status, ...problem } = buildProblem(error);
    const problems = 'problems' in error.context ? { problems: error.context.problems } : {};
    const report = { ...problem, error_description: error.message, ...problems, code: error.code };
    return new Failure(endingOf(status, problem.error), report);
  }
  return awsFailure(error) ?? unexpectedFailure(error);
}

/** How a command ends on an answer of the interface, by its status and `error`. */
export function endingOf(status: number, error?: string): Ending {
  if (error === 'reauthorization_required') return 'reauthorization';
  if (error === 'connection_changed') return 'later';
  switch (status) {
    case 400:
      return 'usage';
    case 403:
      return 'denied';
    case 404:
      return 'unknown';
    case 429:
    case 503:
    case 504:
      return 'later';
    default:
      return 'failed';
  }
}

/** What the AWS SDK throws, by the name of the error; undefined for what is none of its errors. */
function awsFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  const fails = (ending: Ending, advice: string) =>
    new Failure(ending, { error: 'aws', error_description: `${advice} (${name}: ${message})` });
  if (/CredentialsProviderError|ExpiredToken|UnrecognizedClient|InvalidClientTokenId/.test(name)) {
    return fails('denied', 'AWS credentials are missing or not valid; set AWS_PROFILE, or sign in');
  }
  if (/AccessDenied|NotAuthorized|Forbidden/.test(name)) {
    return fails('denied', 'AWS does not allow this; give your identity the right that is named');
  }
  if (/Region is missing/.test(message)) {
    return fails('usage', 'say which Region: --region, AWS_REGION or a profile');
  }
  if (/ResourceNotFound|NonExistentQueue|QueueDoesNotExist|NoSuchEntity/.test(name)) {
    return fails('unknown', 'there is no such thing in this account, Region and stage');
  }
  if (/Throttl|TimeoutError|TooManyRequests|ServiceUnavailable|ECONNREFUSED|ENOTFOUND/.test(name)) {
    return fails('later', 'AWS did not answer; try again');
  }
  return undefined;
}

function unexpectedFailure(error: unknown): Failure {
  const name = error instanceof Error ? error.name : 'an error that is none';
  const said = error instanceof Error ? error.message : String(error);
  const error_description = `this was not foreseen: ${name}: ${said}`;
  return new Failure('failed', { error: 'unexpected', error_description });
}
