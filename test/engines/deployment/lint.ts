import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

/** One thing that cfn-lint finds. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  /** The logical id of the resource that it is about. */
  readonly resource: string;
  /** `.cfnlintrc` gives a reason for it. */
  readonly isExcused: boolean;
}

interface Match {
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path?: readonly (string | number)[] };
}

/** Everything that cfn-lint finds in a template, excused or not. */
export async function lint(cfnLint: string, template: string): Promise<readonly Finding[]> {
  const { ignore_checks: excused } = parse(readFileSync(join(root, '.cfnlintrc'), 'utf8')) as {
    readonly ignore_checks: readonly string[];
  };
  const matches = await runLint(cfnLint, ['--config-file', devNull, '--template', template]);
  return matches.map(({ Rule, Message: message, Location }) => ({
    rule: Rule.Id,
    message,
    resource: String(Location.Path?.[1] ?? ''),
    isExcused: excused.includes(Rule.Id),
  }));
}

async function runLint(cfnLint: string, args: readonly string[]): Promise<readonly Match[]> {
  const { PATH, HOME } = process.env;
  try {
    const { stdout } = await run(cfnLint, ['--format', 'json', ...args], {
      env: { PATH, HOME },
      timeout: 600_000,
    });
    return JSON.parse(stdout);
  } catch (error) {
    // It ends with a status of its own when it finds something.
    const { stdout = '', code } = error as { readonly stdout?: string; readonly code?: unknown };
    if (typeof code !== 'number' || !stdout.startsWith('[')) throw error;
    return JSON.parse(stdout);
  }
}
