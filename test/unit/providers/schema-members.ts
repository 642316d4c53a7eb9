import { definitionSchema } from '../../../lib/providers/definition.ts';

interface AnySchema {
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly wrapped?: AnySchema;
  readonly value?: AnySchema;
  readonly item?: AnySchema;
  readonly pipe?: readonly AnySchema[];
  readonly options?: readonly (AnySchema | string)[];
}

/** Every member that the schema of definitions names, by its path. */
export const schemaMembers: readonly string[] = walk(definitionSchema as unknown as AnySchema, '');

function walk(schema: AnySchema, path: string): string[] {
  const own = Object.entries(schema.entries ?? {}).flatMap(([name, member]) => [
    `${path}${name}`,
    ...walk(member, `${path}${name}.`),
  ]);
  const within = [
    schema.wrapped,
    schema.value,
    schema.item,
    ...(schema.pipe ?? []).filter((part) => part.entries === undefined),
    ...(schema.options ?? []).filter((option) => typeof option === 'object'),
  ];
  return [...own, ...within.flatMap((part) => (part ? walk(part, path) : []))];
}
