import type { AnySchemaObject } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { interfaceDocument } from '../support/interface-document.ts';

/** Any value that a request's schema allows. Knows the keywords that the document uses there. */
export function aMessage(schema: AnySchemaObject): fc.Arbitrary<unknown> {
  if (schema.$ref) return aMessage(interfaceDocument.components.schemas[schema.$ref.split('/')[3]]);
  if (schema.oneOf) return fc.oneof(...schema.oneOf.map(aMessage));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum, max: schema.maximum });
    case 'string':
      return aText(schema);
    case 'object':
      return anObject(schema);
    default:
      throw new Error(`what is ${JSON.stringify(schema)}?`);
  }
}

function aText({ pattern, minLength = 0, maxLength }: AnySchemaObject): fc.Arbitrary<string> {
  if (pattern === undefined) return fc.string({ unit: 'binary', minLength, maxLength });
  // Few characters are as good as thousands.
  const short = new RegExp(
    pattern.replaceAll(/\{1,\d+\}/g, '{1,40}').replaceAll(/\)\*\$/g, '){0,9}$'),
  );
  const texts = fc.stringMatching(short);
  return maxLength === undefined ? texts : texts.filter((text) => text.length <= maxLength);
}

function anObject(schema: AnySchemaObject): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties, anyOf = [{}] } = schema;
  if (!properties) return fc.dictionary(fc.string(), aMessage(additionalProperties));
  const members = Object.fromEntries(
    Object.entries<AnySchemaObject>(properties).map(([name, each]) => [name, aMessage(each)]),
  );
  return fc.oneof(
    ...anyOf.map((either: AnySchemaObject) =>
      fc.record(members, { requiredKeys: [...required, ...(either.required ?? [])] }),
    ),
  );
}

/** A message of which one member is gone, another value, or new; or any JSON at all. */
export function aSpoiltMessage(schema: AnySchemaObject): fc.Arbitrary<unknown> {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      null,
      [],
      {},
      '',
      ' ',
      -1,
      0.5,
      '60',
      true,
      1e300,
      'é',
      'x\n',
      '😀'.repeat(600),
    ),
    fc.nat(100_000).map((length) => 'x'.repeat(length % 20_000)),
  );
  const spoil = fc.record({
    at: fc.nat(),
    by: fc.constantFrom('drop', 'change', 'add'),
    value: odd,
  });
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom('__proto__', 'constructor', 'state', 'import'),
  );
  const spoilt = fc
    .tuple(aMessage(schema), spoil, names)
    .map(([message, { at, by, value }, name]) => {
      const members = Object.entries(Object(message));
      const [where = name] = members[at % Math.max(1, members.length)] ?? [];
      const rest = members.filter(([each]) => each !== where);
      if (by === 'drop') return Object.fromEntries(rest);
      // As JSON.parse makes it: `__proto__` is a member like any other.
      return Object.fromEntries([
        ...(by === 'add' ? members : rest),
        [by === 'add' ? name : where, value],
      ]);
    });
  return fc.oneof(aMessage(schema), { arbitrary: spoilt, weight: 6 }, odd);
}
