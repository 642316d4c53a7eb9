import { basename } from 'node:path';
import type { Command } from 'commander';
import { catalogue } from '../../lib/providers/catalogue.ts';
import { type Definition, definitionSchema } from '../../lib/providers/definition.ts';
import { listGrantTypes } from '../../lib/providers/token-request-shape.ts';
import { readStrictly } from '../../lib/read-strictly.ts';
import type { Action } from '../action.ts';
import { describeDialect, listUnset, pkceOptOut } from '../definition-report.ts';
import { type Ending, Failure } from '../failure.ts';
import { parseJson, readInput } from '../input.ts';
import { formatTable } from '../output/table.ts';
import type { Session } from '../session.ts';

/** `providers`: the definitions that come with this software, and one's own before it does. */
export function addProviders(program: Command, action: Action): void {
  const providers = program.command('providers').description('definitions of providers');
  providers.command('list').description('the definitions there are').action(action(list));
  providers
    .command('show')
    .description('what a definition does, and what it leaves unset')
    .argument('<provider>', 'name of the definition')
    .action(action(show));
  providers
    .command('check')
    .description("check a definition's schema and what contradicts itself")
    .argument('[file]', 'JSON; standard input without it')
    .action(action(check));
}

async function list({ print }: Session): Promise<undefined> {
  const providers = [...catalogue.keys()].map((name) => {
    const definition = readDefinition(catalogue.get(name));
    const { title, documentation } = definition;
    return { name, title, grants: listGrantTypes(definition), documentation };
  });
  const rows = providers.map(({ name, title, grants }) => [name, title, grants.join(', ')]);
  print.result({ providers }, formatTable(['PROVIDER', 'TITLE', 'GRANTS'], rows));
}

async function show({ print }: Session, name: string): Promise<undefined> {
  const written = catalogue.get(name);
  if (written === undefined) {
    const known = [...catalogue.keys()].join(', ');
    throw new Failure('unknown', {
      error: 'unknown_provider',
      error_description: `there is no definition of that name; there are ${known}`,
    });
  }
  const definition = readDefinition(written);
  print.result({ ...report(definition), definition: written }, reportText(definition));
}

async function check(
  { print, input }: Session,
  file: string | undefined,
): Promise<Ending | undefined> {
  const written = parseJson(await readInput(file, input), file ?? 'standard input');
  const reading = readStrictly(definitionSchema, written);
  if (reading.outcome === 'refused') {
    const { problems } = reading;
    const lines = [`${problems.length} wrong`, ...problems.map((each) => `  ${each}`)];
    print.result({ valid: false, problems }, lines.join('\n'));
    return 'found';
  }
  const definition = reading.value;
  const misnamed =
    file === undefined || file === '-' || basename(file) === `${definition.name}.json`
      ? []
      : [`Its file is to be called ${definition.name}.json in lib/providers.`];
  const text = ['The definition is valid.', ...misnamed, '', reportText(definition)].join('\n');
  print.result({ valid: true, ...report(definition) }, text);
  return undefined;
}

function report(definition: Definition) {
  const { name, title, documentation } = definition;
  return {
    name,
    title,
    documentation,
    grants: listGrantTypes(definition),
    pkce: pkceOptOut(definition) === undefined,
    dialect: describeDialect(definition),
    unset: listUnset(definition),
  };
}

function reportText(definition: Definition): string {
  const { title, name, documentation, grants, dialect, unset } = report(definition);
  const optOut = pkceOptOut(definition);
  const section = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)];
  return [
    `${title} (${name}), by ${documentation}`,
    `Grants: ${grants.join(', ')}`,
    ...(optOut ? [optOut] : []),
    ...section('Otherwise than RFC 6749:', dialect),
    ...section(
      'Unset; provider_overrides of a registration sets it:',
      unset.map(({ member, meaning }) => `${member}: ${meaning}`),
    ),
  ].join('\n');
}

/** One that comes with this software is valid: a test says so. */
function readDefinition(written: unknown): Definition {
  const reading = readStrictly(definitionSchema, written);
  if (reading.outcome === 'read') return reading.value;
  throw new Failure('failed', {
    error: 'definition_invalid',
    error_description: 'a definition of this software is not valid',
    problems: reading.problems,
  });
}
