import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { projectDir } from '../../local/functions-process.ts';
import { readJsonFile } from '../../local/json-file.ts';
import { round } from './statistics.ts';

const versioned = ['dynalite', 'fauxqs', 'esbuild', '@aws-sdk/client-dynamodb'];

/** Where, when and of what figures are. */
export interface MachineDescription {
  readonly measured_at: string;
  readonly machine: {
    readonly processors: number;
    readonly model: string;
    readonly memory_gib: number;
    readonly platform: string;
  };
  /** Of a working copy also the commit; a `+` behind it tells of changed files. */
  readonly versions: Readonly<Record<string, string | undefined>>;
}

export function describeMachine(): MachineDescription {
  const versions = versioned.map((name) => [name, readVersion(join('node_modules', name))]);
  return {
    measured_at: new Date().toISOString(),
    machine: {
      processors: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memory_gib: round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: {
      evergrant: readVersion('.'),
      commit: readCommit(),
      node: process.version,
      ...Object.fromEntries(versions),
    },
  };
}

function readVersion(folder: string): string {
  const file = join(projectDir, folder, 'package.json');
  return (readJsonFile(file) as { readonly version: string }).version;
}

/** Undefined outside a working copy. A `+` says that files have been changed since. */
function readCommit(): string | undefined {
  const ask = (...args: readonly string[]) =>
    execFileSync('git', args, {
      cwd: projectDir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const commit = ask('rev-parse', '--short', 'HEAD').trim();
    return ask('status', '--porcelain') === '' ? commit : `${commit}+`;
  } catch {
    return undefined;
  }
}
