import type { ProviderTrouble } from '../fault.ts';
import { listRepeatedMembers } from './json-repeats.ts';
import type { ProviderResponse } from './transport.ts';

/** The body of a provider's answer: an object or a list, or why there is none. Untrusted. */
export type ProviderBody =
  | { readonly members: object; readonly trouble?: never }
  | { readonly members?: never; readonly trouble: ProviderTrouble };

/**
 * Reads the body of an answer: JSON, or form-encoded as some servers still answer.
 *
 * The media type decides, except that text which opens like a JSON object is read as one whatever
 * it is called: PHP servers call theirs `text/html` unless told otherwise.
 *
 * @param usedPaths - the dotted paths that somebody is going to read. A body that has one of them
 *   twice is malformed; a repetition elsewhere concerns nobody.
 */
export function parseProviderBody(
  response: ProviderResponse,
  usedPaths: readonly string[],
): ProviderBody {
  const text = response.body.trim();
  const mediaType = (response.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (/^application\/(?:[\w.+-]+\+)?json$/.test(mediaType ?? '') || /^[{[]/.test(text)) {
    return parseJsonBody(text, usedPaths);
  }
  if (mediaType === 'application/x-www-form-urlencoded') return parseFormBody(text, usedPaths);
  if ((mediaType === '' || mediaType === 'text/plain') && /^\w+=[^\s<]*$/.test(text)) {
    return parseFormBody(text, usedPaths);
  }
  return { trouble: text === '' ? 'malformed' : 'media_type' };
}

/**
 * The value at a dotted path; undefined where there is none, or an empty one (`null`, `''`).
 *
 * Reads own members only, so that no path leads into a prototype.
 */
export function valueAt(members: object, path: string): unknown {
  let value: unknown = members;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = Reflect.get(value, name);
  }
  return value === null || value === '' ? undefined : value;
}

/** The first value that there is at one of several paths. */
export function firstValueAt(members: object, paths: readonly string[] = []): unknown {
  return paths.map((path) => valueAt(members, path)).find((value) => value !== undefined);
}

function parseJsonBody(text: string, usedPaths: readonly string[]): ProviderBody {
  try {
    const reviver = longNumber.test(text) ? keepLongNumbers : undefined;
    const members: unknown = JSON.parse(text, reviver);
    if (typeof members !== 'object' || members === null) return { trouble: 'malformed' };
    return accept(members, listRepeatedMembers(text), usedPaths);
  } catch {
    return { trouble: 'malformed' };
  }
}

/** What an integer that is rounded has to look like; text may look so too. */
const longNumber = /\d{16}|\d[eE]/;

/** An account id of 19 digits must not be rounded to somebody else's: it stays as written. */
function keepLongNumbers(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isRounded ? (context?.source ?? value) : value;
}

function parseFormBody(text: string, usedPaths: readonly string[]): ProviderBody {
  const pairs = [...new URLSearchParams(text)];
  const names = pairs.map(([name]) => name);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  return accept(Object.fromEntries(pairs), repeated, usedPaths);
}

function accept(
  members: object,
  repeated: readonly string[],
  usedPaths: readonly string[],
): ProviderBody {
  const isAmbiguous = repeated.some((repetition) =>
    usedPaths.some((path) => path === repetition || path.startsWith(`${repetition}.`)),
  );
  return isAmbiguous ? { trouble: 'malformed' } : { members };
}
