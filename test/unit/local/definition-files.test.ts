import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  buildDefinitionList,
  definitionFolder,
  listDefinitionNames,
  readDefinitionFile,
} from '../../../local/definition-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'definitions-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const blank = {
  name: 'acme-crm',
  title: 'Acme CRM',
  documentation: 'https://acme.example',
  token: {},
  grants: {},
};

it('every definition of the folder is in the bundles: npm run definitions', () => {
  const written = readFileSync(join(definitionFolder, 'definitions.ts'), 'utf8');

  expect(written).toBe(buildDefinitionList(listDefinitionNames()));
  expect(listDefinitionNames()).toContain('oauth2');
  expect(listDefinitionNames()).not.toContain('definition.schema');
});

it('two names never become one identifier, and none a word of the language', () => {
  const list = buildDefinitionList(['a-1', 'a1', 'class', '4me']);

  expect(new Set(list.match(/(?<=import )\S+/g))).toEqual(
    new Set(['definition_a_1', 'definition_a1', 'definition_class', 'definition_4me']),
  );
});

it('a file is read with its defaults', () => {
  writeFileSync(join(folder, 'acme-crm.json'), JSON.stringify(blank));

  expect(readDefinitionFile('acme-crm', folder)).toMatchObject({
    outcome: 'read',
    written: blank,
    definition: { name: 'acme-crm', rotation: 'undeclared' },
  });
});

it.each([
  ['is no JSON', '{'],
  ['tokens is not a known member', JSON.stringify({ ...blank, tokens: {} })],
  ["its name is acme, its file's is not", JSON.stringify({ ...blank, name: 'acme' })],
])('a file is refused by its name, where it %s', (problem, text) => {
  writeFileSync(join(folder, 'acme-crm.json'), text);

  expect(readDefinitionFile('acme-crm', folder)).toEqual({
    outcome: 'refused',
    problems: [`lib/providers/acme-crm.json: ${problem}`],
  });
});
