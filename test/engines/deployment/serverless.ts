import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const serverless = join(root, 'node_modules/serverless/bin/serverless.js');

const withoutDashboard = ['--param', 'dashboard=false'];

/** A resource as the template has it. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Parameters: Readonly<Record<string, { readonly Default?: unknown }>>;
}

/** Where the template of a packaged service lies. */
export function templateFile(folder: string): string {
  return join(folder, 'cloudformation-template-update-stack.json');
}

/** The template as it was uploaded. */
export function readTemplate(folder: string): Template {
  return JSON.parse(readFileSync(templateFile(folder), 'utf8'));
}

/**
 * Packages the service for the stage `dev` into a folder. Its dashboard is in the template and not
 * wanted: it names alarms by their ARNs, and moto makes no alarms.
 *
 * @throws {Error} with what was said.
 */
export async function packageInto(folder: string): Promise<void> {
  await runServerless(['package', '--package', folder, ...withoutDashboard], {});
}

/**
 * Deploys what `packageInto` has made, as an operator does: only the address is not that of AWS.
 *
 * @throws {Error} with what was said.
 */
export async function deployFrom(folder: string, awsUrl: string): Promise<void> {
  await runServerless(['deploy', '--package', folder, ...withoutDashboard], {
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

async function runServerless(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const { PATH, HOME, TMPDIR } = process.env;
  const running = run(
    process.execPath,
    [serverless, ...args, '--stage', 'dev', '--region', 'us-east-1'],
    {
      cwd: root,
      timeout: 600_000,
      env: {
        ...{ PATH, HOME, TMPDIR, ...environment },
        // Of its own: packaging removes the usual one when it is done.
        EVERGRANT_BUILD_FOLDER: '.esbuild/test-aws',
        SLS_TELEMETRY_DISABLED: '1',
        SLS_NOTIFICATIONS_MODE: 'off',
      },
    },
  );
  await running.catch(({ message, stdout, stderr }) => {
    throw new Error([message, stdout, stderr].join('\n'));
  });
}
