import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../cli/failure.ts';
import { buildProgram } from '../cli/program.ts';
import { parseAccessPolicy } from '../lib/broker/access-policy.ts';
import { parsePageTexts } from '../lib/http/parse-page-texts.ts';
import { type MetricName, metrics } from '../lib/metrics.ts';
import type { ClientName } from '../lib/names.ts';
import { resolveClient } from '../lib/providers/resolve-client.ts';
import { readServiceDefinition } from '../local/service-definition.ts';
import packageJson from '../package.json' with { type: 'json' };
import { eventSchemas, expectDocumentedEvent } from './support/event-schemas.ts';
import { metricNames, seriesOf } from './support/metric-series.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const docs = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort();
const readme = read('README.md');
const operations = read('docs/operations.md');
const serverlessYml = read('serverless.yml');

describe('links', () => {
  it.each(docs)('of %s lead to a file, and to a heading of it', (doc) => {
    const broken = findAll(linkedText(read(doc)), /\]\(([^)\s]+)\)/g).filter((link) => {
      if (/^https:/.test(link)) return false;
      const [path = '', anchor] = link.split('#');
      const file = path === '' ? doc : join(dirname(doc), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !headingsOf(read(file)).includes(anchor);
    });

    expect(broken).toEqual([]);
  });

  it('of the README lead to each page', () => {
    const linked = findAll(readme, /\]\((docs\/[\w-]+\.md)[)#]/g);

    expect(new Set(linked)).toEqual(new Set(docs.filter((doc) => /^docs\/[^/]+$/.test(doc))));
  });

  it('of SECURITY.md go to tests that are run', () => {
    const tests = findAll(read('SECURITY.md'), /\]\((test\/[^)]+)\)/g);

    expect(tests.length).toBeGreaterThan(20);
    for (const test of tests.filter((file) => !file.endsWith('.test.ts'))) {
      expect(read('test/template/template.test.ts')).toContain(`'./${test.split('/').at(-1)}'`);
    }
  });
});

describe('the tables', () => {
  it('of settings name each one, with the range that is read', () => {
    const source = read('lib/settings.ts');
    const rows = tableRows(operations, 'Settings');
    const cellsOf = (name: string) => rows.find(([first]) => first === name)?.join(' ');

    expect(namesIn(rows)).toEqual(findAll(source, /^ {2}([A-Z][A-Z_]+):/gm).sort());
    for (const [, name = '', least, most] of source.matchAll(
      /(\w+): \w+Between\((\d+), (\d+)\)/g,
    )) {
      expect(cellsOf(name)).toContain(`${least}–${most}`);
    }
  });

  it('of parameters name each one that is for operators, with its default', () => {
    const written = /^params:\n {2}default:\n([\s\S]*?)# Not for operators/m.exec(
      serverlessYml,
    )?.[1];
    const parameters = [...(written ?? '').matchAll(/^ {4}(\w+): '?([^'\n]*)'?$/gm)];
    const rows = tableRows(readme, 'Parameters');

    expect(parameters.length).toBeGreaterThan(10);
    expect(rows.map(([name, , preset]) => [name, preset?.replace("''", '')]).sort()).toEqual(
      parameters.map(([, name, preset]) => [name, preset]).sort(),
    );
  });

  it('of functions name each one', () => {
    const { functions } = readServiceDefinition(join(root, 'serverless.yml'), 'prod');

    expect(namesIn(tableRows(readme, 'Permissions by function'))).toEqual(
      functions.map(({ name }) => name.replace('evergrant-prod-', '')).sort(),
    );
  });

  it('of clients name each member of a registration', () => {
    const schema = /registrationSchema = ([\s\S]*?)^}\);/m.exec(
      read('lib/providers/registration.ts'),
    );

    expect(namesIn(tableRows(readme, 'Clients')).filter((name) => /^[a-z_]+$/.test(name))).toEqual(
      findAll(schema?.[1] ?? '', /^ {2}(\w+): v\./gm).sort(),
    );
  });

  it('of faults name each code, and of alarms each alarm', () => {
    const codes = /interface FaultContexts \{([\s\S]*?)^\}/m.exec(read('lib/fault.ts'))?.[1] ?? '';

    expect(namesIn(tableRows(operations, 'Faults'))).toEqual(
      findAll(codes, /^ {2}([A-Z_]+):/gm).sort(),
    );
    expect(namesIn(tableRows(operations, 'Alarms'))).toEqual(
      findAll(serverlessYml, /^ {4}(\w+Alarm):$/gm).sort(),
    );
  });

  it('of metrics name each one, with its unit, its dimensions and how many series it can have', () => {
    const cells = metricNames.map((name) => {
      const { unit, by } = metrics[name];
      const sets = by.map((names) => (names.length === 0 ? 'total' : names.join(' and ')));
      return [name, unit, sets.join('; '), seriesText([name])];
    });
    const rows = tableRows(operations, 'Metrics');

    expect(rows.map((row) => row.slice(0, 4))).toEqual(cells);
    expect(rows.every(([, , , , meaning = '']) => meaning.length > 10)).toBe(true);
    expect(operations).toContain(`In all ${seriesText(metricNames)} series`);
  });

  it('of alarms say for each which faults it stands for, and leave out none of ours', () => {
    const codes = namesIn(tableRows(operations, 'Faults'));
    const ofCallers = [
      'ACCESS_DENIED',
      'ACCOUNT_MISMATCH',
      'CONNECTION_CHANGED',
      'CREDENTIALS_REFUSED',
      'REQUEST_INVALID',
      'SLOW_DOWN',
      'UNKNOWN_CLIENT',
      'UNKNOWN_CONNECTION',
    ];
    const rows = tableRows(operations, 'Alarms');
    const named = rows.flatMap(([, codes = '']) => codes.match(/\b[A-Z]+(?:_[A-Z]+)*\b/g) ?? []);

    expect([...new Set(named)].sort()).toEqual(
      [...codes.filter((code) => !ofCallers.includes(code)), 'UNEXPECTED'].sort(),
    );
    for (const [, codes = '', meaning = '', what = ''] of rows) {
      expect(codes).toMatch(/^(none: .+|[A-Z_]+(, [A-Z_]+)*)$/);
      expect(Math.min(meaning.length, what.length)).toBeGreaterThan(20);
    }
  });

  it('of the audit name each member of its line', () => {
    const line = /interface AuditLine \{([\s\S]*?)^\}/m.exec(read('lib/log.ts'))?.[1] ?? '';

    expect(namesIn(tableRows(operations, 'Audit'))).toEqual(
      findAll(line, /^ {2}readonly (\w+)\??:/gm).sort(),
    );
  });

  it('of costs add up, with as many alarms as there are', () => {
    const page = read('docs/cost.md');
    const alarms = findAll(serverlessYml, /^ {4}(\w+Alarm):$/gm).length;
    const products = [...page.matchAll(/([\d.,]+)(?: M)? × ([\d.]+) = ([\d.]+)/g)];
    const [, ...afterTotals] = page.split(/^\| \*\*together\*\* /m);
    const tables = page.split(/^\| \*\*together\*\* /m).map((part) => part.split('\n\n').at(-1));

    const [, watched] = / alarms look at (\d+) metrics/.exec(operations) ?? [];
    expect(page).toContain(
      `| ${alarms} alarms, ${watched} × 0.10 = ${(Number(watched) / 10).toFixed(2)} |`,
    );
    expect(products.length).toBeGreaterThan(2);
    for (const [, one = '', other, product] of products) {
      expect(Number(one.replace(',', '')) * Number(other)).toBeCloseTo(Number(product), 1);
    }
    expect(afterTotals).toHaveLength(3);
    for (const [index, after] of afterTotals.entries()) {
      const rows = findAll(tables[index] ?? '', /^\| [^|]+ \| ([\d.]+) \|/gm);
      const total = rows.reduce((sum, amount) => sum + Number(amount), 0);
      expect(rows.length).toBeGreaterThan(3);
      expect(Math.abs(total - Number(/[\d.]+/.exec(after)?.[0]))).toBeLessThan(0.02);
    }
  });

  it.each([
    ['errors', 'lib/problem.ts', /\berror(?::| =) '([a-z_]+)'/g],
    ['reasons', 'lib/fault.ts', /type ReauthorizationReason =([\s|'\w]+);/g],
    ['warnings', 'lib/broker/ports.ts', /type WarningCode =([\s|'\w]+);/g],
    ['troubles', 'lib/fault.ts', /type ProviderTrouble =([\s|'\w]+);/g],
    ['return errors', 'lib/broker/complete-authorization.ts', /type ReturnError =([\s|'\w]+);/g],
  ])('of %s have each word of %s', (_what, file, pattern) => {
    const words = findAll(read(file), pattern).flatMap((found) => found.match(/\b[a-z]\w+/g) ?? []);

    expect(words.length).toBeGreaterThan(3);
    expect(words.filter((word) => !`${readme}${operations}`.includes(`\`${word}\``))).toEqual([]);
  });

  it('of commands name each one, with its operands and options', () => {
    const rows = tableRows(read('docs/cli.md'), 'Commands');
    const commands = listCommands(buildProgram(() => async () => undefined));

    expect(rows.map(([name = '']) => name)).toEqual(
      expect.arrayContaining(commands.map(({ path }) => expect.stringMatching(`^${path}(?! \\w)`))),
    );
    expect(rows).toHaveLength(commands.length);
    for (const { path, words } of commands) {
      const row = rows.find(([name = '']) => `${name} `.startsWith(`${path} `))?.[0] ?? '';
      expect(words.filter((word) => !row.includes(word))).toEqual([]);
    }
  });

  it('of the command’s options and exit codes name each one', () => {
    const page = read('docs/cli.md');

    for (const { flags } of buildProgram(() => async () => undefined).options) {
      expect(page).toContain(`| \`${flags}\` |`);
    }
    for (const code of Object.values(exitCodes))
      expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });

  it('of definitions have each member of the schema', () => {
    const { properties } = JSON.parse(read('lib/providers/definition.schema.json'));
    const definitions = proseOf(read('docs/definitions.md'));
    const members = Object.keys(properties).filter((name) => name !== '$schema');

    expect(members.length).toBeGreaterThan(10);
    expect(members.filter((name) => !new RegExp(`\`${name}[\`.]`).test(definitions))).toEqual([]);
  });
});

describe('the events', () => {
  const page = read('docs/events/README.md');
  const rows = tableRows(page.replaceAll(/\[(`[^`]+`)\]\([^)]+\)/g, '$1'), 'Events');
  const common = ['schema_version', 'id', 'sequence', 'occurred_at', 'client'];

  it('are in a table with the members of each, as its schema has them, and a link to it', () => {
    const source = read('lib/broker/happening.ts');

    expect(namesIn(rows)).toEqual([...eventSchemas.keys()]);
    expect([...new Set(findAll(source, /\btype: '((?:connection|client)\.\w+)'/g))].sort()).toEqual(
      namesIn(rows),
    );
    for (const [type = '', , members = ''] of rows) {
      const { title, properties } = eventSchemas.get(type) ?? {};
      const own = Object.keys(properties ?? {}).filter(
        (name) => ![...common, 'connection', 'provider'].includes(name),
      );
      expect(title).toBe(type);
      expect(members.split(', ').filter(Boolean)).toEqual(own);
      expect(page).toContain(`[\`${type}\`](${type}.json)`);
      expect(readme).toContain(`\`${type}\``);
    }
  });

  it('are described member by member, with those that all have', () => {
    for (const { properties, required } of eventSchemas.values()) {
      expect(Object.keys(properties).filter((name) => !properties[name]?.description)).toEqual(
        Object.keys(properties).filter((name) => name === 'reason' || name === 'previous_state'),
      );
      expect(required).toEqual(expect.arrayContaining(common));
    }
    for (const name of common) expect(page).toContain(`\`${name}\``);
  });

  it('are shown by an example that its schema accepts', () => {
    const [example = ''] = findAll(page, /^ *```json\n([\s\S]*?)^ *```/gm);
    const { 'detail-type': type, detail } = JSON.parse(example);

    expectDocumentedEvent(type, detail);
  });
});

describe('the examples', () => {
  const blocks = docs.flatMap((doc) =>
    findAll(read(doc), /^ *```json\n([\s\S]*?)^ *```/gm).map((text) => ({ doc, text })),
  );
  const inTables = findAll(readme, /`(\{ "provider"[^`]*\})`/g).map((text) => ({
    doc: 'README.md',
    text,
  }));
  const examples = [...blocks, ...inTables].map(({ doc, text }) => ({
    doc,
    json: JSON.parse(text),
  }));

  it.each(examples.filter(({ json }) => 'client_id' in json))(
    'of a registration in $doc can be put into Secrets Manager',
    ({ json }) => {
      const client = resolveClient('acme' as ClientName, JSON.stringify(json), '1');

      expect(client.clientId).toBe(json.client_id);
    },
  );

  it('show each provider, and an access policy that is read', () => {
    const policies = examples.filter(({ json }) => 'allow' in json);

    expect(new Set(examples.flatMap(({ json }) => json.provider ?? []))).toEqual(
      new Set(['hurma', 'hurdlr', 'humanity', 'hypersku', 'oauth2']),
    );
    expect(policies.map(({ json }) => parseAccessPolicy(json).allow.length)).toEqual([1]);
  });

  it('show texts of pages that are read', () => {
    const texts = examples.filter(({ json }) => 'languages' in json);

    expect(texts.map(({ json }) => parsePageTexts(json).preset)).toEqual(['en']);
  });

  it.each(docs)('of commands in %s exist', (doc) => {
    const text = read(doc);
    const scripts = findAll(text, /\bnpm (?:run )?(start|test|(?<=run )[\w:-]+)/g);
    const programs = findAll(text, /\bnpx ([\w-]+)/g);

    expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
    const isThere = (name: string) =>
      Object.hasOwn(packageJson.bin, name) || existsSync(join(root, 'node_modules/.bin', name));
    expect(programs.filter((name) => !isThere(name))).toEqual([]);
  });
});

it.each(docs)('%s names no folder of a machine and no host of a package registry', (doc) => {
  expect(read(doc)).not.toMatch(
    /(?<![\w.{}])\/(home|root|tmp|var|mnt|opt|Users|work)\/|\bregistry\.\w/,
  );
});

/** How many series metrics can have, P being the number of providers. */
function seriesText(names: readonly MetricName[]): string {
  const series = names.map(seriesOf);
  const perProvider = series.reduce((sum, each) => sum + each.perProvider, 0);
  const others = series.reduce((sum, each) => sum + each.others, 0);
  return [perProvider && `${perProvider} P`, others].filter(Boolean).join(' + ');
}

/** Each command that does something: its words, its operands and its options. */
function listCommands(
  command: Command,
  path: readonly string[] = [],
): readonly { readonly path: string; readonly words: readonly string[] }[] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((each) => listCommands(each, [...path, each.name()]));
  }
  const operands = command.registeredArguments.map((operand) => operand.name());
  const flags = command.options.map((option) => option.flags);
  return [{ path: path.join(' '), words: [...operands, ...flags] }];
}

function findAll(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

/** Without what stands in fences, where `#` begins no heading. */
function proseOf(markdown: string): string {
  return markdown.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
}

/** Prose without code, where brackets are no links. */
function linkedText(markdown: string): string {
  return proseOf(markdown).replaceAll(/`[^`\n]*`/g, '');
}

/** As GitHub makes anchors of headings. */
function headingsOf(markdown: string): readonly string[] {
  return findAll(proseOf(markdown), /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** The rows of the tables below a heading, up to the next heading; cells without their backticks. */
function tableRows(markdown: string, heading: string): readonly (readonly string[])[] {
  const section = markdown.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return findAll(section, /^\| (`.*) \|$/gm).map((row) =>
    row.split(' | ').map((cell) => cell.replaceAll('`', '').trim()),
  );
}

function namesIn(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map(([name = '']) => name).sort();
}
