/**
 * The definitions in their folder. A bundle holds what is imported by name, and nothing that is
 * looked up at run time: so they are listed in a source file, which is written anew from the folder.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Definition, definitionSchema } from '../lib/providers/definition.ts';
import type { Json } from '../lib/providers/merge-patch.ts';
import { readStrictly } from '../lib/read-strictly.ts';

/** Where the definitions lie. */
export const definitionFolder = fileURLToPath(new URL('../lib/providers/', import.meta.url));

/** The names of the definitions in `folder`, which are those of its JSON files, sorted. */
export function listDefinitionNames(folder: string = definitionFolder): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'definition.schema.json')
    .map((file) => file.slice(0, -'.json'.length))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

/** A definition as its file has it, and with its defaults; or what is wrong with the file. */
export type DefinitionFile =
  | { readonly outcome: 'read'; readonly written: Json; readonly definition: Definition }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] };

/**
 * Reads a definition's file: valid, and called by the definition's own name.
 *
 * @returns each problem as a line that names the file.
 */
export function readDefinitionFile(
  name: string,
  folder: string = definitionFolder,
): DefinitionFile {
  const refuse = (problems: readonly string[]): DefinitionFile => ({
    outcome: 'refused',
    problems: problems.map((problem) => `lib/providers/${name}.json: ${problem}`),
  });
  let written: Json;
  try {
    written = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  } catch {
    return refuse(['is no JSON']);
  }
  const reading = readStrictly(definitionSchema, written);
  if (reading.outcome === 'refused') return refuse(reading.problems);
  const definition = reading.value;
  if (definition.name !== name)
    return refuse([`its name is ${definition.name}, its file's is not`]);
  return { outcome: 'read', written, definition };
}

/** The text of `definitions.ts` for these definitions. */
export function buildDefinitionList(names: readonly string[]): string {
  const imports = names.map(
    (name) => `import ${identifierOf(name)} from './${name}.json' with { type: 'json' };`,
  );
  const entries = names.map((name) => `  ['${name}', ${identifierOf(name)}],`);
  return `/** Each file with a definition, by its name. Written by \`npm run definitions\`. */
${imports.join('\n')}

export const definitions = [
${entries.join('\n')}
] as const;
`;
}

/** No two names give one, and none is a word of the language. */
function identifierOf(name: string): string {
  return `definition_${name.replaceAll('-', '_')}`;
}
