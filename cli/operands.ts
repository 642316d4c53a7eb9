/**
 * Operands and options as people type them, read into the words of the rest.
 *
 * @module
 */
import { type ConnectionKey, parseConnectionKey } from '../lib/names.ts';
import { usageFailure } from './failure.ts';

/** Reads `client/connection`. @throws {Failure} `usage` */
export function parseAddress(operand: string): ConnectionKey {
  const [client, connection, ...rest] = operand.split('/');
  if (connection === undefined || rest.length > 0) {
    throw usageFailure(`a connection is said as client/connection, such as hurma-acme/ann`);
  }
  return parseConnectionKey({ client, connection });
}

/** Adds `name=value` to what was given before: for an option that may be repeated. */
export function collectPair(
  given: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = given.indexOf('=');
  if (at < 1) throw usageFailure('a param is said as name=value');
  return { ...before, [given.slice(0, at)]: given.slice(at + 1) };
}

/** A reader of whole numbers within bounds, for an option. */
export function wholeNumber(name: string, least: number, most: number) {
  return (given: string): number => {
    const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw usageFailure(`${name} is a whole number from ${least} to ${most}`);
  };
}
