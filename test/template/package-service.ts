import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readZip } from './read-zip.ts';

const root = join(import.meta.dirname, '../..');
const serverless = join(root, 'node_modules/serverless/bin/serverless.js');

/** Most of the time goes into compiling the packager: 3.3 s without what an earlier run left here. */
const compileCache = join(root, 'node_modules/.cache/serverless');

/** What a command of serverless said, and how it ended. */
export interface CommandEnding {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** A resource of the packaged template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
  readonly Condition?: string;
}

/** The service as it would be uploaded. */
export interface Packaged {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
  /** The files of each function's zip, by the function's name. */
  readonly zips: ReadonlyMap<
    string,
    { readonly bytes: number; readonly files: ReadonlyMap<string, string> }
  >;
}

/**
 * Runs a command of serverless on a copy of the service whose outputs are its own, so that tests
 * side by side do not meet, and without any setting of this machine.
 *
 * @param change - what to alter in the text of `serverless.yml`.
 */
export function runServerless(
  args: readonly string[],
  change: (text: string) => string = (text) => text,
): CommandEnding {
  return inCopy(change, (folder) => run(folder, args));
}

/**
 * Packages the service for a stage, as `npm run package` does.
 *
 * @param change - what to alter in the text of `serverless.yml`.
 */
export function packageService(
  stage: string,
  parameters: readonly string[] = [],
  change: (text: string) => string = (text) => text,
): Packaged {
  return inCopy(change, (folder) => {
    const made = join(folder, 'made');
    const flags = parameters.map((parameter) => `--param=${parameter}`);
    const { exitCode, output } = run(folder, [
      'package',
      '--stage',
      stage,
      '--package',
      made,
      ...flags,
    ]);
    if (exitCode !== 0) throw new Error(output);
    const template = JSON.parse(
      readFileSync(join(made, 'cloudformation-template-update-stack.json'), 'utf8'),
    );
    return {
      resources: template.Resources,
      conditions: template.Conditions,
      parameters: template.Parameters,
      zips: readZips(made),
    };
  });
}

function inCopy<Result>(change: (text: string) => string, use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'evergrant-package-'));
  try {
    for (const name of ['functions', 'lib', 'local', 'node_modules', 'packaging']) {
      symlinkSync(join(root, name), join(folder, name));
    }
    for (const name of ['package.json', 'tsconfig.json', 'access-policy.json']) {
      copyFileSync(join(root, name), join(folder, name));
    }
    const text = readFileSync(join(root, 'serverless.yml'), 'utf8');
    writeFileSync(join(folder, 'serverless.yml'), change(text));
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(folder: string, args: readonly string[]): CommandEnding {
  const { PATH, HOME, TMPDIR } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [serverless, ...args], {
    cwd: folder,
    env: { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE: compileCache },
    encoding: 'utf8',
  });
  return { exitCode: status, stdout, output: stdout + stderr };
}

function readZips(folder: string): Packaged['zips'] {
  const zips = readdirSync(folder).filter((name) => name.endsWith('.zip'));
  return new Map(
    zips.map((name) => {
      const bytes = readFileSync(join(folder, name));
      return [name.replace(/\.zip$/, ''), { bytes: bytes.length, files: readZip(bytes) }];
    }),
  );
}
