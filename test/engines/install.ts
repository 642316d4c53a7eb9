/**
 * Brings the engines to this machine, into `.cache/aws`, once for each change of what is pinned.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Programs } from './programs.ts';

const runFile = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Where everything of the engines lies, their logs among it. */
export const engineFolder = join(root, '.cache/aws');

const jars = join(engineFolder, 'jars');
const classes = join(engineFolder, 'classes');
const pythonFolder = join(engineFolder, 'python');
const pythonStamp = join(pythonFolder, 'installed.sha256');
const pythonPrograms = join(pythonFolder, process.platform === 'win32' ? 'Scripts' : 'bin');

/** A download that hangs ends within this. */
const limitMs = 540_000;

/** How DynamoDB Local and the programs of Python are started. */
export interface Installed {
  readonly java: string;
  readonly classPath: string;
  /** Folder of the native parts. */
  readonly libraryPath: string;
  readonly python: string;
  readonly cfnLint: string;
  readonly schemathesis: string;
}

/**
 * Installs what is not there yet: jars as `pom.xml` and `jars.sha256` fix them, packages of Python as
 * `requirements.lock` does. Where from is Maven's and pip's own configuration.
 *
 * @throws {Error} when a download fails, or is not what is pinned.
 */
export async function installEngines(programs: Programs): Promise<Installed> {
  mkdirSync(engineFolder, { recursive: true });
  await Promise.all([installJars(programs), installPackages(programs)]);
  return {
    java: programs.java,
    classPath: [classes, join(jars, '*')].join(delimiter),
    libraryPath: jars,
    python: join(pythonPrograms, 'python'),
    cfnLint: join(pythonPrograms, 'cfn-lint'),
    schemathesis: join(pythonPrograms, 'schemathesis'),
  };
}

async function installJars({ maven, javac }: Programs): Promise<void> {
  if (findStrangeJars(jars).length > 0) {
    console.log('Installing DynamoDB Local …');
    const made = `${jars}.new`;
    rmSync(made, { recursive: true, force: true });
    await run(maven, [
      ...['--batch-mode', '--quiet', '--file', join(import.meta.dirname, 'pom.xml')],
      ...['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${made}`],
    ]);
    const strange = findStrangeJars(made);
    if (strange.length > 0) throw new Error(`not as in jars.sha256: ${strange.join(', ')}`);
    rmSync(jars, { recursive: true, force: true });
    renameSync(made, jars);
  }
  const source = join(import.meta.dirname, 'DynamoDbOnLoopback.java');
  await run(javac, ['-cp', join(jars, '*'), '-d', classes, source]);
}

/** The files of `jars.sha256` that are missing in the folder, or differ. */
function findStrangeJars(folder: string): readonly string[] {
  const pinned = readPinned('jars.sha256').trimEnd().split('\n');
  return pinned.flatMap((line) => {
    const [digest = '', name = ''] = line.split('  ');
    const file = join(folder, name);
    return existsSync(file) && sha256(readFileSync(file)) === digest ? [] : [name];
  });
}

async function installPackages({ python }: Programs): Promise<void> {
  const wanted = sha256(readPinned('requirements.lock'));
  if (existsSync(pythonStamp) && readFileSync(pythonStamp, 'utf8') === wanted) return;
  console.log('Installing moto, cfn-lint and Schemathesis …');
  rmSync(pythonFolder, { recursive: true, force: true });
  await run(python, ['-m', 'venv', pythonFolder]);
  await run(join(pythonPrograms, 'python'), [
    ...['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps', '--no-compile'],
    ...['--require-hashes', '--requirement', join(import.meta.dirname, 'requirements.lock')],
  ]);
  writeFileSync(pythonStamp, wanted);
}

/** @throws {Error} with all that the program said: Maven complains on its standard output. */
async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await runFile(program, args, { timeout: limitMs });
  } catch (error) {
    const { message, stdout = '' } = error as Error & { readonly stdout?: string };
    throw new Error(`${message}\n${stdout}`);
  }
}

function readPinned(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8');
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
