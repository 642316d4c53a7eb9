import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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

/** Everything that cfn-lint finds in a template, with `.cfnlintrc` and without. */
export async function lint(cfnLint: string, template: string): Promise<readonly Finding[]> {
  const [all, unexcused] = await Promise.all([
    runLint(cfnLint, ['--config-file', devNull, '--template', template]),
    runLint(cfnLint, ['--template', template]),
  ]);
  const isExcused = (match: Match) =>
    !unexcused.some((other) => JSON.stringify(other) === JSON.stringify(match));
  return all.map((match) => ({
    rule: match.Rule.Id,
    message: match.Message,
    resource: String(match.Location.Path?.[1] ?? ''),
    isExcused: isExcused(match),
  }));
}

async function runLint(cfnLint: string, args: readonly string[]): Promise<readonly Match[]> {
  const { PATH, HOME } = process.env;
  try {
    const { stdout } = await run(cfnLint, ['--format', 'json', ...args], {
      cwd: root,
      env: { PATH, HOME },
      timeout: 110_000,
    });
    return JSON.parse(stdout);
  } catch (error) {
    // It ends with a status of its own when it finds something.
    const { stdout = '', code } = error as { readonly stdout?: string; readonly code?: unknown };
    if (typeof code !== 'number' || !stdout.startsWith('[')) throw error;
    return JSON.parse(stdout);
  }
}
