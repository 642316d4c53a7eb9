/**
 * How a command ends when it cannot do what it was asked: in words, in JSON, and in a number.
 *
 * @module
 */
import { type AnyFault, isFault } from '../lib/fault.ts';

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
  if (isFault(error)) return faultFailure(error);
  return awsFailure(error) ?? unexpectedFailure(error);
}

function faultFailure(fault: AnyFault): Failure {
  return new Failure(endingOfFault(fault), {
    error: fault.code.toLowerCase(),
    error_description: fault.message,
    ...fault.context,
  });
}

function endingOfFault(fault: AnyFault): Ending {
  switch (fault.code) {
    case 'REQUEST_INVALID':
      return 'usage';
    case 'UNKNOWN_CLIENT':
    case 'UNKNOWN_CONNECTION':
      return 'unknown';
    case 'REGISTRATION_INVALID':
    case 'CLIENT_CHANGED':
    case 'KEY_RING_INVALID':
    case 'ROW_INVALID':
      return 'found';
    case 'STORE_UNAVAILABLE': {
      const { reason = '' } = fault.context;
      if (deniedNames.test(reason)) return 'denied';
      return missingNames.test(reason) ? 'unknown' : 'later';
    }
    default:
      return 'failed';
  }
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

/** The SDK's names of errors, by what they mean to us. */
const credentialNames =
  /CredentialsProviderError|ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature/;
const deniedNames = /AccessDenied|NotAuthorized|Forbidden/;
const missingNames = /ResourceNotFound|NonExistentQueue|QueueDoesNotExist|NoSuchEntity/;
const passingNames = /Throttl|Timeout|TooManyRequests|ServiceUnavailable|ECONN|ENOTFOUND|EAI_AGAIN/;

/** What the AWS SDK throws, by the name of the error; undefined for what is none of its errors. */
function awsFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  const fails = (ending: Ending, advice: string) =>
    new Failure(ending, { error: 'aws', error_description: `${advice} (${name}: ${message})` });
  if (credentialNames.test(name)) {
    return fails('denied', 'AWS credentials are missing or not valid; set AWS_PROFILE, or sign in');
  }
  if (deniedNames.test(name)) {
    return fails('denied', 'AWS does not allow this; give your identity the right that is named');
  }
  if (/Region is missing/.test(message)) {
    return fails('usage', 'say which Region: --region, AWS_REGION or a profile');
  }
  if (missingNames.test(name)) {
    return fails('unknown', 'there is no such thing in this account, Region and stage');
  }
  if (passingNames.test(`${name} ${codeOf(error)}`)) {
    return fails('later', 'AWS did not answer; try again');
  }
  return undefined;
}

/** What Node.js says of a connection that was not made. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

function unexpectedFailure(error: unknown): Failure {
  const name = error instanceof Error ? error.name : 'an error that is none';
  const said = error instanceof Error ? error.message : String(error);
  const error_description = `this was not foreseen: ${name}: ${said}`;
  return new Failure('failed', { error: 'unexpected', error_description });
}
