/**
 * Reads JSON by a schema and says of each faulty member what it must be, never what it was: the
 * input may be full of secrets.
 *
 * @module
 */
import * as v from 'valibot';

export type StrictReading<Output> =
  | { readonly outcome: 'read'; readonly value: Output }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] };

/** More unknown members than this are not a slip of the pen; the rest is left unsaid. */
const mostRounds = 50;

/** Deeper than anything that is read. A text of some kilobytes nests deeply enough to end the stack. */
const mostLevels = 32;

/**
 * Reads `input` by `schema` and names every member that is faulty or not known.
 *
 * @param input - parsed JSON; untrusted.
 * @returns the value with defaults, or problems that each begin with the path of a member.
 */
export function readStrictly<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
): StrictReading<v.InferOutput<Schema>> {
  if (isDeeperThan(mostLevels, input)) {
    return { outcome: 'refused', problems: ['must not be nested so deeply'] };
  }
  const problems = new Set<string>();
  const rest: unknown = structuredClone(input);
  for (let round = 0; round < mostRounds; round += 1) {
    const reading = v.safeParse(schema, rest, { message: describe });
    if (reading.success && problems.size === 0) return { outcome: 'read', value: reading.output };
    const issues = reading.issues ?? [];
    for (const issue of issues) problems.add(problemText(issue));
    // A strict object reports one unknown member at a time: take it away and look again.
    const unknown = issues.filter(isUnknownMember);
    if (unknown.length === 0) break;
    for (const issue of unknown) removeMember(rest, issue);
  }
  return { outcome: 'refused', problems: [...problems] };
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

/**
 * A member's name in words: as it is where it looks like a name, else only that it is odd. A token
 * that was put in a name's place is longer, or has digits all over.
 */
export function memberName(name: string): string {
  const isPlain = /^(?=(?:\D*\d){0,3}\D*$)[\w.~:@/-]{1,48}$/.test(name);
  return isPlain ? name : '(an oddly named member)';
}

function problemText(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) => memberName(String(key))).join('.');
  return path === '' ? issue.message : `${path} ${issue.message}`;
}

const words: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  Object: 'an object',
  Array: 'a list',
};

function describe(issue: v.BaseIssue<unknown>): string {
  if (isUnknownMember(issue)) return 'is not a known member';
  if (issue.type === 'strict_object' && issue.received === 'undefined') return 'is required';
  if (issue.expected === null) return 'is not valid';
  const expected = issue.expected.replace(/^\((.*)\)$/, '$1').split(' | ');
  return `must be ${expected.map((word) => words[word] ?? word).join(' or ')}`;
}

function isUnknownMember(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

function removeMember(root: unknown, issue: v.BaseIssue<unknown>): void {
  const keys = (issue.path ?? []).map(({ key }) => key);
  let holder: unknown = root;
  for (const key of keys.slice(0, -1)) holder = Reflect.get(Object(holder), key as PropertyKey);
  Reflect.deleteProperty(Object(holder), keys.at(-1) as PropertyKey);
}
