import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';

const folder = join(import.meta.dirname, '../../docs/events');

export interface EventSchema {
  readonly title: string;
  readonly properties: Readonly<Record<string, { readonly description?: string }>>;
  readonly required: readonly string[];
}

/** The schemas of `docs/events`, by the type of the event. */
export const eventSchemas: ReadonlyMap<string, EventSchema> = new Map(
  globSync('*.json', { cwd: folder })
    .sort()
    .map((file) => [
      basename(file, '.json'),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as EventSchema,
    ]),
);

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
formats.default(ajv);
for (const [type, schema] of eventSchemas) ajv.addSchema(schema, type);

/** Holds an event against its schema, and refuses members that the schema does not name. */
export function expectDocumentedEvent(type: string, detail: object): void {
  const validate = ajv.getSchema(type);
  if (!validate) throw new Error(`docs/events has no schema of ${type}`);

  validate(detail);

  expect(validate.errors ?? []).toEqual([]);
  const named = Object.keys(eventSchemas.get(type)?.properties ?? {});
  expect(Object.keys(detail).filter((member) => !named.includes(member))).toEqual([]);
}
