/**
 * Takes up each definition that lies in `lib/providers`: `npm run definitions`, and each `npm start`.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildDefinitionList,
  definitionFolder,
  listDefinitionNames,
  readDefinitionFile,
} from './definition-files.ts';

const file = join(definitionFolder, 'definitions.ts');
const names = listDefinitionNames();
const readings = names.map((name) => readDefinitionFile(name));
const problems = readings.flatMap((reading) =>
  reading.outcome === 'refused' ? reading.problems : [],
);
const text = buildDefinitionList(names);

if (problems.length > 0) {
  for (const problem of problems) console.error(problem);
  process.exitCode = 1;
} else if (readFileSync(file, 'utf8') !== text) {
  writeFileSync(file, text);
  console.log(`Definitions are now: ${names.join(', ')}.`);
}
