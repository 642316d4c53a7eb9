/**
 * Writes the JSON Schema of definitions beside them, for editors: `npm run schema`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildJsonSchema } from './json-schema.ts';

const path = fileURLToPath(new URL('./definition.schema.json', import.meta.url));
writeFileSync(path, buildJsonSchema());
