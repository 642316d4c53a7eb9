/**
 * DynamoDB's expressions, composed from named parts. Each part brings its own placeholders, so no
 * expression can mention one that is not defined or define one that is not mentioned: DynamoDB
 * refuses both.
 *
 * @module
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** A part of an expression with the attributes it names and the values it stands on. */
export interface Expression {
  readonly text: string;
  /** Each stands in the text behind a `#`. */
  readonly names: readonly string[];
  /** By placeholder. */
  readonly values: readonly (readonly [placeholder: string, value: unknown])[];
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
  const placeholder = `:${attribute.replaceAll('.', '_')}_${comparator}`;
  return {
    text: `${path(attribute)} ${comparators[comparator]} ${placeholder}`,
    names: attribute.split('.'),
    values: [[placeholder, value]],
  };
}

/** Whether an attribute, no nested one, is one of a few values. */
export function isOneOf(attribute: string, choices: readonly string[]): Expression {
  const values = choices.map((choice, index) => [`:${attribute}_in_${index}`, choice] as const);
  return {
    text: `${path(attribute)} IN (${values.map(([placeholder]) => placeholder).join(', ')})`,
    names: [attribute],
    values,
  };
}

export const absent = (attribute: string): Expression => asks('attribute_not_exists', attribute);

/** The attribute is there, whatever it holds. */
export const present = (attribute: string): Expression => asks('attribute_exists', attribute);

function asks(question: string, attribute: string): Expression {
  return { text: `${question}(${path(attribute)})`, names: attribute.split('.'), values: [] };
}

export function allOf(...parts: readonly Expression[]): Expression {
  return joined(parts, ' AND ');
}

export function anyOf(...parts: readonly Expression[]): Expression {
  const { text, names, values } = joined(parts, ' OR ');
  return { text: `(${text})`, names, values };
}

/** What an update does to the attributes of an item, none of them nested. */
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
  const names = [...Object.keys(set), ...Object.keys(setIfAbsent), ...Object.keys(add)];
  const values: [string, unknown][] = [];
  const placed = (attribute: string, kind: string, value: unknown) => {
    const placeholder = `:${attribute}_${kind}`;
    values.push([placeholder, value]);
    return placeholder;
  };
  const assignments: string[] = [];
  const removals: string[] = [];
  for (const [attribute, value] of Object.entries(set)) {
    if (value === undefined) removals.push(path(attribute));
    else assignments.push(`${path(attribute)} = ${placed(attribute, 'set', value)}`);
  }
  for (const [attribute, value] of Object.entries(setIfAbsent)) {
    const kept = `if_not_exists(${path(attribute)}, ${placed(attribute, 'set', value)})`;
    assignments.push(`${path(attribute)} = ${kept}`);
  }
  const additions = Object.entries(add).map(
    ([attribute, value]) => `${path(attribute)} ${placed(attribute, 'add', value)}`,
  );
  const clauses = [
    ...clause('SET', assignments),
    ...clause('REMOVE', removals),
    ...clause('ADD', additions),
  ];
  return { text: clauses.join(' '), names, values };
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
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const part of parts) {
    for (const name of part.names) names[`#${name}`] = name;
    for (const [placeholder, value] of part.values) values[placeholder] = value;
  }
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

const path = (attribute: string) => `#${attribute.replaceAll('.', '.#')}`;

const clause = (keyword: string, parts: readonly string[]) =>
  parts.length === 0 ? [] : [`${keyword} ${parts.join(', ')}`];

function joined(parts: readonly Expression[], separator: string): Expression {
  return {
    text: parts.map(({ text }) => text).join(separator),
    names: parts.flatMap(({ names }) => names),
    values: parts.flatMap(({ values }) => values),
  };
}
