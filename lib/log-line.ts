/**
 * What one line of the log holds, and what never gets into one.
 *
 * @module
 */
import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Secret } from './secret.ts';

/** Every detail that a line may hold. What is not among them is left out of it, and named. */
export const detailNames = [
  // Of a failure.
  'code',
  'advice',
  'context',
  'status',
  'thrown',
  'at',
  // What it is about.
  'connection',
  'client',
  'provider',
  'kind',
  'messageId',
  'fence',
  // How it went.
  'outcome',
  'ending',
  'kept',
  'recovery',
  'reason',
  'error',
  'stated',
  'trouble',
  'undecided',
  'httpStatus',
  'retryAfterSeconds',
  'issuerDeclared',
  'issuerSent',
  'sent',
  'overdueSeconds',
  'seconds',
  'refused',
  'most',
  // Of a decision about a caller.
  'caller',
  'session',
  'reach',
  'action',
  'decision',
  'token',
  'apiRequestId',
] as const;

/** Longer texts, lists and deeper values are cut: a line is for reading. */
const mostCharacters = 1024;
const mostMembers = 100;
const mostLevels = 6;

/** From the `?` or `#` before a name and `=` to the next space: where codes, states and tokens stand. */
const queryString = /[?#][^\s?#=]+=\S*/g;

/** Makes each line from a fixed set of members, whatever it is given. */
export class LineFormatter extends LogFormatter {
  override formatAttributes(line: UnformattedAttributes, details: LogAttributes): LogItem {
    const { lambdaContext: invocation } = line;
    const known = detailNames.filter((name) => details[name] !== undefined);
    const leftOut = Object.keys(details).filter((name) => !isDetail(name));
    return new LogItem({
      attributes: {
        level: line.logLevel,
        message: printable(line.message),
        timestamp: line.timestamp.toISOString(),
        service: line.serviceName,
        function_name: invocation?.functionName,
        function_request_id: invocation?.awsRequestId,
        cold_start: invocation?.coldStart,
        ...Object.fromEntries(known.map((name) => [name, printable(details[name])])),
        left_out: leftOut.length > 0 ? leftOut.map((name) => cut(name)) : undefined,
      },
    });
  }
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

function isDetail(name: string): boolean {
  return detailNames.some((known) => known === name);
}

/** A copy that is plain JSON. Of an instance of a class only the name is shown, of an error its place. */
function printable(value: unknown, level = 0): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Secret) return value.toString();
  if (value instanceof Error) return printable(describeUnexpected(value), level);
  if (level >= mostLevels) return '[…]';
  if (Array.isArray(value)) {
    return value
      .slice(0, mostMembers)
      .map((each) => printable(each, level + 1) ?? `[${typeof each}]`);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `[${cut(classOf(value))}]`;
  const members = Object.entries(value).slice(0, mostMembers);
  return Object.fromEntries(members.map(([name, each]) => [cut(name), printable(each, level + 1)]));
}

function classOf(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === 'function' ? made.name : 'object';
}

function cut(text: string): string {
  const shown = text.replaceAll(queryString, '');
  return shown.length > mostCharacters ? `${shown.slice(0, mostCharacters)}…` : shown;
}
