import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { projectDir } from '../../local/functions-process.ts';

/** One function, as `serverless.yml` deploys it. */
export interface FunctionSettings {
  readonly handler: string;
  readonly name: string;
  readonly timeout?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly events?: readonly FunctionEvent[];
}

interface FunctionEvent {
  readonly sqs?: { readonly batchSize: number; readonly maximumConcurrency: number };
}

/** What `serverless.yml` says of the stage `local`, variables filled in. */
export interface Service {
  readonly functions: Readonly<Record<string, FunctionSettings>>;
  readonly provider: {
    readonly timeout: number;
    readonly environment: Readonly<Record<string, string>>;
  };
  readonly custom: { readonly esbuild: BundleSettings };
}

interface BundleSettings {
  readonly bundle: boolean;
  readonly minify: boolean;
  readonly format: 'cjs';
  readonly platform: 'node';
  readonly target: string;
  readonly mainFields: string[];
  readonly conditions: string[];
}

/** Stands in the printed settings for the address of the queues, which is not known yet. */
export const queuesPlaceholder = 'http://queues.invalid';

/** Reads `serverless.yml` as the deployment does, so that what is measured is what is deployed. */
export async function readService(): Promise<Service> {
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(projectDir, 'node_modules/serverless/bin/serverless.js'),
      ...['print', '--stage', 'local', '--format', 'json'],
    ],
    {
      cwd: projectDir,
      env: { PATH, HOME, AWS_ENDPOINT_URL_SQS: queuesPlaceholder, SLS_TELEMETRY_DISABLED: '1' },
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  return JSON.parse(stdout);
}

/**
 * Bundles functions by the settings that package them.
 *
 * @param folder - a new one.
 * @returns each bundle's file by the function's key.
 */
export async function buildBundles(
  service: Service,
  keys: readonly string[],
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const { bundle, minify, format, platform, target, mainFields, conditions } =
    service.custom.esbuild;
  await build({
    absWorkingDir: projectDir,
    entryPoints: keys.map((key) => `functions/${key}.ts`),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    ...{ bundle, minify, format, platform, target, mainFields, conditions },
  });
  return new Map(keys.map((key) => [key, join(folder, `${key}.cjs`)]));
}
