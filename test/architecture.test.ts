/** The layout, as a test: which part may know of which. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detailNames } from '../lib/log-line.ts';

const root = resolve(import.meta.dirname, '..');

interface SourceFile {
  /** From the top of the project. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly from: string;
  readonly isTypeOnly: boolean;
}

const listFiles = (folder: string): readonly SourceFile[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, imports: listImports(path, text) };
    });

function listImports(path: string, text: string): readonly Import[] {
  const statements = text.matchAll(/^(?:import|export)\s([^;'"]*?from\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  const place = (specifier: string) =>
    specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : specifier;
  return [
    ...[...statements].map(([, clause = '', specifier = '']) => ({
      from: place(specifier),
      isTypeOnly: clause.startsWith('type '),
    })),
    ...[...dynamic].map(([, specifier = '']) => ({ from: place(specifier), isTypeOnly: false })),
  ];
}

const lib = listFiles('lib');
const functions = listFiles('functions');
const cli = listFiles('cli');
const sources = [...lib, ...functions, ...cli];

/** The part of the product that a file belongs to: a folder of `lib`, `functions`, or the ground. */
function partOf(path: string): string {
  const [top = '', folder = ''] = path.split('/');
  if (top !== 'lib') return top;
  return folder.includes('.') ? 'ground' : folder;
}

/** What each part may import. A `type:` says that types are all it may have of that part. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  ground: ['ground'],
  providers: ['providers', 'ground'],
  oauth: ['oauth', 'providers', 'ground'],
  sealing: ['sealing', 'ground', 'type:broker'],
  broker: ['broker', 'oauth', 'providers', 'ground'],
  aws: ['aws', 'broker', 'sealing', 'providers', 'ground', 'type:oauth'],
  http: ['http', 'broker', 'ground'],
  lambda: ['lambda', 'ground'],
  client: ['client', 'ground'],
  functions: ['aws', 'broker', 'oauth', 'http', 'lambda', 'ground'],
  // Of the client library, how a request is signed.
  cli: ['cli', 'client', 'aws', 'broker', 'oauth', 'providers', 'sealing', 'ground'],
};

/** Which parts may import a package. */
const importers: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^oauth4webapi$/, ['oauth']],
  [/^ipaddr\.js$/, ['oauth']],
  [/^jose$/, ['sealing', 'oauth']],
  [/^@aws-sdk\/client-lambda$/, ['aws', 'cli', 'client']],
  [/^@aws-sdk\//, ['aws', 'cli']],
  [/^@smithy\/signature-v4$/, ['cli', 'client']],
  [/^(commander|cli-progress)$/, ['cli']],
  [/^@middy\//, ['http', 'lambda']],
  [/^@aws-lambda-powertools\//, ['ground']],
  [/^@valibot\/to-json-schema$/, ['providers']],
  [/^valibot$/, ['ground', 'providers', 'oauth', 'broker', 'http', 'cli']],
  [/^aws-lambda$/, ['ground', 'http', 'lambda', 'functions']],
  [/^node:/, ['ground', 'providers', 'oauth', 'sealing', 'broker', 'aws', 'http', 'cli', 'client']],
  [/^negotiator$/, ['http']],
  [/^#(access-policy|page-texts)$/, ['functions']],
  [/^#request-limits$/, ['aws']],
];

/** What others import of the package: each hands on what its users have to name. */
const entries = ['lib/client/evergrant-over-http.ts', 'lib/client/evergrant.ts'];

const isOwn = ({ from }: Import) => /^(lib|functions|cli|local|test|playground)\//.test(from);

/** Files that may be longer, and why. */
const longer = new Map([
  // Interfaces alone, without a statement: the list of all that the use cases need of the world.
  ['lib/broker/ports.ts', 300],
]);

/** `path → what it imports`, for each import that a rule forbids. */
const offences = (
  files: readonly SourceFile[],
  isForbidden: (file: SourceFile, each: Import) => boolean,
) =>
  files.flatMap((file) =>
    file.imports
      .filter((each) => isForbidden(file, each))
      .map(({ from }) => `${file.path} → ${from}`),
  );

describe('arrows', () => {
  it('were read: there are files, and each has imports of its own part or another', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(400);
    expect(new Set(sources.map(({ path }) => partOf(path)))).toEqual(new Set(Object.keys(arrows)));
  });

  it('point inward', () => {
    const isForbidden = ({ path }: SourceFile, each: Import) => {
      if (!isOwn(each)) return false;
      const allowed = arrows[partOf(path)] ?? [];
      const target = partOf(each.from);
      return !allowed.includes(target) && !(each.isTypeOnly && allowed.includes(`type:${target}`));
    };

    expect(offences(sources, isForbidden)).toEqual([]);
  });

  it('to packages begin where the package has its place', () => {
    const isForbidden = ({ path }: SourceFile, each: Import) => {
      if (isOwn(each)) return false;
      const [, parts = []] = importers.find(([name]) => name.test(each.from)) ?? [];
      return !parts.includes(partOf(path));
    };

    expect(offences(sources, isForbidden)).toEqual([]);
  });

  it('from production lead to nothing of the local stack and nothing of the tests', () => {
    const isForbidden = (_file: SourceFile, { from }: Import) => /^(local|test)\//.test(from);

    expect(offences(sources, isForbidden)).toEqual([]);
  });

  it('from the client of other functions lead to itself, the time, and how names are written', () => {
    const shared = ['lib/name-patterns.ts', 'lib/time.ts'];
    const isForbidden = ({ path }: SourceFile, each: Import) =>
      partOf(path) === 'client' && partOf(each.from) === 'ground' && !shared.includes(each.from);

    expect(
      offences(
        lib.filter(({ path }) => partOf(path) === 'client'),
        isForbidden,
      ),
    ).toEqual([]);
    expect(
      lib.filter(({ path }) => shared.includes(path)).flatMap(({ imports }) => imports),
    ).toEqual([]);
  });

  it('go round in no circle of files', () => {
    const targets = new Map(
      sources.map(({ path, imports }) => [
        path,
        imports.filter(({ isTypeOnly }) => !isTypeOnly).map(({ from }) => from),
      ]),
    );
    const circles: string[] = [];
    const done = new Set<string>();
    const walk = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail, path].join(' → '));
      if (done.has(path) || trail.includes(path)) return;
      for (const target of targets.get(path) ?? []) walk(target, [...trail, path]);
      done.add(path);
    };
    for (const path of targets.keys()) walk(path, []);

    expect(circles).toEqual([]);
  });
});

describe('what only one place may do', () => {
  const matching = (files: readonly SourceFile[], pattern: RegExp) =>
    files.filter(({ text }) => pattern.test(withoutComments(text))).map(({ path }) => path);

  it('is to read the environment: the functions, and the entry of the command', () => {
    expect(
      matching(lib, /\bprocess\b/).filter((path) => !path.endsWith('write-json-schema.ts')),
    ).toEqual([]);
    expect(matching(functions, /process\.env/).length).toBe(functions.length);
    expect(matching(cli, /\bprocess\./)).toEqual(['cli/evergrant.ts']);
  });

  it('is to read the clock: lib/time.ts', () => {
    expect(matching(sources, /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/)).toEqual([
      'lib/time.ts',
    ]);
  });

  it('is to know the time of an invocation: each function that goes by the store’s clock', () => {
    const byStore = functions.filter(({ text }) => /\bclock\b.*lib\/aws\/tables\.ts/.test(text));

    expect(byStore.filter(({ text }) => !text.includes('functionLog(clock)'))).toEqual([]);
    expect(byStore.length).toBeGreaterThan(7);
    for (const { path, text } of functions) {
      expect(`${path} ${/\bvending\(/.test(text)}`).toBe(
        `${path} ${byStore.some((one) => one.path === path) && text.includes('vending(')}`,
      );
    }
  });

  it('is to draw at random: the functions and the client for jitter, one-time tokens for secrets, seals', () => {
    expect(matching(lib, /Math\.random/)).toEqual(['lib/aws/vending.ts', 'lib/client/broker.ts']);
    expect(matching(sources, /\brandom(Bytes|UUID|Int)\b|getRandomValues/)).toEqual([
      'lib/broker/one-time-token.ts',
      'lib/sealing/compact-jwe.ts',
    ]);
  });

  it('is to write to the console: nobody, there is a log', () => {
    expect(matching(sources, /\bconsole\./)).toEqual([]);
  });
});

describe('a line of the log', () => {
  /** The members of the object that each call of a log is given, where they are written there. */
  const given = sources.flatMap(({ path, text }) =>
    [...withoutTexts(text).matchAll(/\blog\.(?:info|warn|error)\('', \{([^;]*?)\}\);/g)].flatMap(
      ([, members = '']) =>
        [...withoutBrackets(members).matchAll(/(?:^|,)\s*(\w+)\s*(?=[:,]|$)/g)].map(
          ([, name]) => `${path}: ${name}`,
        ),
    ),
  );

  it('is given no detail that it would leave out', () => {
    expect(given.length).toBeGreaterThan(30);
    expect(given.filter((each) => !detailNames.some((name) => each.endsWith(`: ${name}`)))).toEqual(
      [],
    );
  });
});

describe('a file', () => {
  it('has at most 200 lines of code', () => {
    const tooLong = sources
      .map(({ path, text }) => ({ path, lines: countCodeLines(text) }))
      .filter(({ path, lines }) => lines > (longer.get(path) ?? 200));

    expect(tooLong).toEqual([]);
  });

  it('of functions/ has at most 80 lines, wiring and nothing else', () => {
    const tooLong = functions.filter(({ text }) => countCodeLines(text) > 80);

    expect(tooLong.map(({ path }) => path)).toEqual([]);
  });

  it('hands on nothing of another one (no barrels), but what others import of the package', () => {
    const barrels = sources.filter(({ text }) =>
      /^export\s+(type\s+)?(\*|\{[^}]*\})\s+from/m.test(text),
    );

    expect(barrels.map(({ path }) => path)).toEqual(entries);
    expect(sources.map(({ path }) => basename(path))).not.toContain('index.ts');
  });

  it('is named in kebab-case and lies in no folder of leftovers', () => {
    for (const { path } of [...sources, ...listFiles('local')]) {
      expect(path).toMatch(/^[a-z]+(\/[a-z0-9]+(-[a-z0-9]+)*)*\.ts$/);
      expect(path).not.toMatch(/\/(utils|helpers|services|types|common|shared)\//);
    }
  });

  it('has no any, no !, no enum, and silences no checker without a reason', () => {
    const patterns = [
      /\bas any\b|: any\b|<any>/,
      /^(export )?(const )?enum /m,
      /@ts-(ignore|nocheck|expect-error)/,
      /biome-ignore [^:]*:\s*$/m,
    ];
    for (const pattern of patterns) {
      expect(sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
    }
  });
});

function countCodeLines(text: string): number {
  return withoutComments(text)
    .split('\n')
    .filter((line) => line.trim() !== '').length;
}

function withoutTexts(text: string): string {
  return text.replace(/'[^'\n]*'/g, "''");
}

/** Without what stands in brackets, where words are no members of the object around them. */
function withoutBrackets(text: string): string {
  return text.replace(/\([^()]*\)/g, '').replace(/\{[^{}]*\}/g, '');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
