/**
 * Reads what we wrote ourselves back into types: attributes of rows, members of messages.
 *
 * Ours, and yet not believed: a row may have been written by an older release or repaired by hand.
 *
 * @module
 */
import type { Fault } from '../fault.ts';
import {
  type ClientName,
  type ConnectionId,
  isClientName,
  isConnectionId,
  parseConnectionKey,
} from '../names.ts';
import { type EpochSeconds, epochSeconds } from '../time.ts';

/** What a member may be. */
export interface Kind<Value> {
  /** For the problem: `a number`, `one of a, b`. */
  readonly wanted: string;
  readonly accepts: (value: unknown) => value is Value;
  /** Stands in for a faulty member until all problems are known; never leaves `parseMembers`. */
  readonly substitute: Value;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === 'string';

export const text: Kind<string> = { wanted: 'a text', accepts: isText, substitute: '' };

export const flag: Kind<boolean> = {
  wanted: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  substitute: false,
};

/** A whole number, zero or more. */
export const count: Kind<number> = {
  wanted: 'a whole number',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
  substitute: 0,
};

export const instant: Kind<EpochSeconds> = {
  wanted: 'whole epoch seconds',
  accepts: (value): value is EpochSeconds => count.accepts(value),
  substitute: epochSeconds(0),
};

export const texts: Kind<readonly string[]> = {
  wanted: 'a list of texts',
  accepts: (value): value is readonly string[] => Array.isArray(value) && value.every(isText),
  substitute: [],
};

export const textMap: Kind<Readonly<Record<string, string>>> = {
  wanted: 'a map of texts',
  accepts: (value): value is Readonly<Record<string, string>> =>
    isRecord(value) && Object.values(value).every(isText),
  substitute: {},
};

const nobody = parseConnectionKey({ client: 'nobody', connection: 'nobody' });

export const clientName: Kind<ClientName> = {
  wanted: "a client's name",
  accepts: isClientName,
  substitute: nobody.client,
};

export const connectionId: Kind<ConnectionId> = {
  wanted: "a connection's id",
  accepts: isConnectionId,
  substitute: nobody.connection,
};

/** One of the texts of a fixed list. */
export function oneOf<Choice extends string>(
  choices: readonly [Choice, ...Choice[]],
): Kind<Choice> {
  return {
    wanted: `one of ${choices.join(', ')}`,
    accepts: (value): value is Choice => choices.some((choice) => choice === value),
    substitute: choices[0],
  };
}

/** A list whose members are each one of a fixed list. */
export function someOf<Choice extends string>(
  choices: readonly [Choice, ...Choice[]],
): Kind<readonly Choice[]> {
  const { accepts } = oneOf(choices);
  return {
    wanted: `a list of ${choices.join(', ')}`,
    accepts: (value): value is readonly Choice[] => Array.isArray(value) && value.every(accepts),
    substitute: [],
  };
}

/** The members of one object, read by name. */
export interface Members {
  readonly required: <Value>(name: string, kind: Kind<Value>) => Value;
  readonly optional: <Value>(name: string, kind: Kind<Value>) => Value | undefined;
  /** Reads a nested object; undefined when there is none. */
  readonly within: <Value>(name: string, build: (members: Members) => Value) => Value | undefined;
  /** Reads a nested object that must be there. */
  readonly requiredWithin: <Value>(name: string, build: (members: Members) => Value) => Value;
  /** Notes something wrong that no kind can tell. Names members, never repeats their values. */
  readonly refuse: (problem: string) => void;
}

/**
 * Builds a value from an object's members, or refuses it naming every faulty member.
 *
 * @param source - from our own store, or our own message.
 * @param refusal - the fault for these problems, which name members and never repeat values.
 */
export function parseMembers<Value>(
  source: unknown,
  build: (members: Members) => Value,
  refusal: (problems: readonly string[]) => Fault,
): Value {
  if (!isRecord(source)) throw refusal(['must be an object']);
  const problems: string[] = [];
  const value = build(membersOf(source, '', problems));
  if (problems.length > 0) throw refusal(problems);
  return value;
}

function membersOf(
  source: Readonly<Record<string, unknown>>,
  place: string,
  problems: string[],
): Members {
  const memberOf = (name: string) => (Object.hasOwn(source, name) ? source[name] : undefined);
  const optional: Members['optional'] = (name, kind) => {
    const value = memberOf(name);
    if (value === undefined || kind.accepts(value)) return value;
    problems.push(`${place}${name} must be ${kind.wanted}`);
    return undefined;
  };
  const required: Members['required'] = (name, kind) => {
    if (memberOf(name) === undefined) problems.push(`${place}${name} is missing`);
    return optional(name, kind) ?? kind.substitute;
  };
  const requiredWithin: Members['requiredWithin'] = (name, build) => {
    const value = memberOf(name);
    if (!isRecord(value)) problems.push(`${place}${name} must be an object`);
    return build(membersOf(isRecord(value) ? value : {}, `${place}${name}.`, problems));
  };
  const within: Members['within'] = (name, build) =>
    memberOf(name) === undefined ? undefined : requiredWithin(name, build);
  return {
    required,
    optional,
    within,
    requiredWithin,
    refuse: (problem) => problems.push(`${place}${problem}`),
  };
}

/** Every member of a shape must be named; an optional one may be undefined. */
export type Named<Shape> = {
  readonly [Name in keyof Shape]-?: Record<never, never> extends Pick<Shape, Name>
    ? Shape[Name] | undefined
    : Shape[Name];
};

/**
 * The shape without the members that are undefined.
 *
 * It asks for every member by name, so a member added to the shape cannot be forgotten here.
 */
export function withoutUndefined<Shape extends object>(named: Named<Shape>): Shape {
  const defined = Object.entries(named).filter(([, value]) => value !== undefined);
  // Named differs from Shape in those members only that have just been dropped.
  return Object.fromEntries(defined) as Shape;
}
