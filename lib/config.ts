/**
 * Settings: read once per cold start, all or none, so that a bad deployment fails on its first
 * invocation and names every fault in it.
 *
 * @module
 */
import { Fault } from './fault.ts';
import { type Seconds, seconds } from './time.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Turns a variable's text into a value, or throws an `Error` that completes "… must be". */
type Reader<Value> = (text: string) => Value;

/**
 * Reads a function's settings from its environment.
 *
 * @param environment - usually `process.env`.
 * @param readers - one reader for each variable that the function uses, by the variable's name.
 * @throws {Fault} `CONFIGURATION_INVALID`, listing each variable that is missing or malformed. It
 *   repeats no value, since one of them may be a secret in the wrong place.
 */
export function readConfig<Readers extends Readonly<Record<string, Reader<unknown>>>>(
  environment: Environment,
  readers: Readers,
): { readonly [Name in keyof Readers]: ReturnType<Readers[Name]> } {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, read] of Object.entries(readers)) {
    try {
      values[name] = read(environment[name]?.trim() ?? '');
    } catch (error) {
      problems.push(`${name} must be ${error instanceof Error ? error.message : 'valid'}`);
    }
  }
  if (problems.length > 0) throw new Fault('CONFIGURATION_INVALID', { problems });
  return values as { [Name in keyof Readers]: ReturnType<Readers[Name]> };
}

/** Any text but none. */
export const text: Reader<string> = (given) => {
  if (!given) throw new Error('set');
  return given;
};

/** A list separated by commas; empty when not set. */
export const list: Reader<readonly string[]> = (given) =>
  given
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** An `http` or `https` origin such as `https://oauth.example.com`, without a path. */
export const baseUrl: Reader<string> = (given) => {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.hash) {
    throw new Error('an https origin without a path');
  }
  return url.origin;
};

/** A whole number of seconds within bounds. */
export const secondsBetween =
  (least: number, most: number): Reader<Seconds> =>
  (given) =>
    seconds(countBetween(least, most)(given));

/** A whole number within bounds. */
export const countBetween =
  (least: number, most: number): Reader<number> =>
  (given) => {
    const count = Number(given || 'NaN');
    if (!Number.isInteger(count) || count < least || count > most) {
      throw new Error(`a whole number from ${least} to ${most}`);
    }
    return count;
  };
