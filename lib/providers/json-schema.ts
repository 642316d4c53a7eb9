import { toJsonSchema } from '@valibot/to-json-schema';
import { definitionSchema } from './definition.ts';

/**
 * The JSON Schema of a definition as its author writes it, as text.
 *
 * It lacks what JSON Schema cannot say, such as members that contradict each other; those are found
 * when the definition is read.
 */
export function buildJsonSchema(): string {
  const schema = toJsonSchema(definitionSchema, { typeMode: 'input', errorMode: 'ignore' });
  const title = 'Provider definition';
  return `${JSON.stringify({ ...schema, title }, undefined, 2)}\n`;
}
