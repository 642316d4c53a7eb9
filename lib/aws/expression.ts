/**
 * DynamoDB's expressions, composed from named parts. Each part brings its own placeholders, so no
 * expression can mention one that is not defined or define one that is not mentioned: DynamoDB
 * refuses both.
 *
 * @module
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** A part of an expression with the names and values it stands on. */
export interface Expression {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

const comparators = {
  is: '=',
  isNot: '<>',
  lessThan: '<',
  atMost: '<=',
  moreThan: '>',
  atLeast: '>=',
} as const;

/** Compares an attribute, or a nested one as `lease.until`, with a value. A missing one fits `isNot` alone. */
export function compare(
  attribute: string,
  comparator: keyof typeof comparators,
  value: string | number,
): Expression {
  const placeholder = `:${attribute.replace('.', '_')}_${comparator}`;
  return {
    text: `${path(attribute)} ${comparators[comparator]} ${placeholder}`,
    names: namesOf(attribute),
    values: { [placeholder]: value },
  };
}

/** Whether an attribute is one of a few values. */
export function isOneOf(attribute: string, choices: readonly string[]): Expression {
  const values = Object.fromEntries(
    choices.map((choice, index) => [`:${attribute}_in_${index}`, choice]),
  );
  return {
    text: `${path(attribute)} IN (${Object.keys(values).join(', ')})`,
    names: namesOf(attribute),
    values,
  };
}

export const absent = (attribute: string): Expression => asks('attribute_not_exists', attribute);

/** The attribute is there, whatever it holds. */
export const present = (attribute: string): Expression => asks('attribute_exists', attribute);

function asks(question: string, attribute: string): Expression {
  return { text: `${question}(${path(attribute)})`, names: namesOf(attribute), values: {} };
}

export function allOf(...parts: readonly Expression[]): Expression {
  return joined(parts, ' AND ');
}

export function anyOf(...parts: readonly Expression[]): Expression {
  const { text, names, values } = joined(parts, ' OR ');
  return { text: `(${text})`, names, values };
}

/** What an update does to an item. */
export interface Change {
  /** Sets each attribute, or removes it where the value is undefined. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Sets each attribute that is not there yet. */
  readonly setIfAbsent?: Readonly<Record<string, unknown>>;
  /** Adds to each number; one that is not there yet counts as zero. */
  readonly add?: Readonly<Record<string, number>>;
}

/** The update expression of a change. */
export function update({ set, setIfAbsent = {}, add = {} }: Change): Expression {
  const assigned = Object.entries(set).filter(([, value]) => value !== undefined);
  const removed = Object.keys(set).filter((attribute) => set[attribute] === undefined);
  const assignments = [
    ...assigned.map(([attribute, value]) => assignment(attribute, value, (to) => to)),
    ...Object.entries(setIfAbsent).map(([attribute, value]) =>
      assignment(attribute, value, (to) => `if_not_exists(${path(attribute)}, ${to})`),
    ),
  ];
  const removals = removed.map((attribute) => ({
    text: path(attribute),
    names: namesOf(attribute),
    values: {},
  }));
  const additions = Object.entries(add).map(([attribute, value]) => ({
    text: `${path(attribute)} :${attribute}_add`,
    names: namesOf(attribute),
    values: { [`:${attribute}_add`]: value },
  }));
  return joined(
    [...clause('SET', assignments), ...clause('REMOVE', removals), ...clause('ADD', additions)],
    ' ',
  );
}

/** What an update says to the SDK: its key, its expressions, and the placeholders of both. */
export function updateInput(
  table: string,
  key: string,
  expressions: { readonly change: Change; readonly condition?: Expression },
) {
  const change = update(expressions.change);
  const { condition } = expressions;
  return {
    TableName: table,
    Key: { pk: { S: key } },
    UpdateExpression: change.text,
    ...(condition && { ConditionExpression: condition.text }),
    ...placeholders(...(condition ? [change, condition] : [change])),
  };
}

/** What a conditional put or delete says to the SDK beside the item or key. */
export function conditionInput(condition: Expression) {
  return { ConditionExpression: condition.text, ...placeholders(condition) };
}

/** The names and values of expressions that are sent together. */
export function placeholders(...parts: readonly Expression[]) {
  const { names, values } = joined(parts, ' ');
  return {
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: attributes(values) }),
  };
}

/** An item as DynamoDB wants it; members that are undefined are left out. */
export function attributes(
  item: Readonly<Record<string, unknown>>,
): Record<string, AttributeValue> {
  return marshall(item, { removeUndefinedValues: true });
}

const path = (attribute: string) =>
  attribute
    .split('.')
    .map((name) => `#${name}`)
    .join('.');

const namesOf = (attribute: string) =>
  Object.fromEntries(attribute.split('.').map((name) => [`#${name}`, name]));

function assignment(
  attribute: string,
  value: unknown,
  wrap: (placeholder: string) => string,
): Expression {
  const placeholder = `:${attribute}_set`;
  return {
    text: `${path(attribute)} = ${wrap(placeholder)}`,
    names: namesOf(attribute),
    values: { [placeholder]: value },
  };
}

function clause(keyword: string, parts: readonly Expression[]): readonly Expression[] {
  if (parts.length === 0) return [];
  const list = joined(parts, ', ');
  return [{ ...list, text: `${keyword} ${list.text}` }];
}

function joined(parts: readonly Expression[], separator: string): Expression {
  return {
    text: parts.map(({ text }) => text).join(separator),
    names: Object.assign({}, ...parts.map(({ names }) => names)),
    values: Object.assign({}, ...parts.map(({ values }) => values)),
  };
}
