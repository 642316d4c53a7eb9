import { fork } from 'node:child_process';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { build, type Metafile } from 'esbuild';
import { projectDir } from '../../local/functions-process.ts';
import { endWithParent } from './child.ts';

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
  readonly resources: { readonly Resources: Readonly<Record<string, Resource>> };
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

interface BundleSettings {
  readonly bundle: boolean;
  readonly minify: boolean;
  readonly format: 'cjs';
  readonly platform: 'node';
  readonly target: string;
  readonly mainFields: string[];
  readonly conditions: string[];
  readonly alias: Record<string, string>;
  readonly legalComments: 'none';
}

/** Stands in the printed settings for the address of the queues, which is not known yet. */
export const queuesPlaceholder = 'http://queues.invalid';

/** Reads `serverless.yml` as the deployment does, so that what is measured is what is deployed. */
export async function readService(): Promise<Service> {
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(
    join(projectDir, 'node_modules/serverless/bin/serverless.js'),
    ['print', '--stage', 'local', '--format', 'json'],
    {
      cwd: projectDir,
      env: { PATH, HOME, AWS_ENDPOINT_URL_SQS: queuesPlaceholder, SLS_TELEMETRY_DISABLED: '1' },
      execArgv: ['--import', endWithParent],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  if (!child.stdout) throw new Error('serverless print has no output');
  return (await json(child.stdout)) as Service;
}

/** How long things may take in `refresh`, in seconds. */
export interface RefreshSettings {
  /** Until a call to a provider is given up. */
  readonly timeout: number;
  /** Kept back of a lease for storing the answer. */
  readonly write: number;
  readonly lease: number;
  /** Until an invocation ends. */
  readonly invocation: number;
}

/** What is deployed unless an operator says otherwise. */
export function readRefreshSettings({ functions }: Service): RefreshSettings {
  const { environment = {} } = functions.refresh ?? {};
  const read = (name: string) => Number(environment[name]);
  return {
    timeout: read('REFRESH_PROVIDER_TIMEOUT_SECONDS'),
    write: read('STORE_WRITE_SECONDS'),
    lease: read('LEASE_SECONDS'),
    invocation: read('REFRESH_TIMEOUT_SECONDS'),
  };
}

/** The environment variables of such settings. */
export function buildRefreshSettings(settings: RefreshSettings): Readonly<Record<string, string>> {
  const { timeout, write, lease, invocation } = settings;
  return {
    REFRESH_PROVIDER_TIMEOUT_SECONDS: `${timeout}`,
    STORE_WRITE_SECONDS: `${write}`,
    LEASE_SECONDS: `${lease}`,
    REFRESH_TIMEOUT_SECONDS: `${invocation}`,
    REFRESH_VISIBILITY_SECONDS: `${2 * invocation}`,
  };
}

/** The properties of every resource of one type, by logical id. */
export function listResources(
  { resources }: Service,
  type: string,
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const found = Object.entries(resources.Resources).filter(([, { Type }]) => Type === type);
  return Object.fromEntries(found.map(([id, { Properties = {} }]) => [id, Properties]));
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
  const entryPoints = Object.fromEntries(keys.map((key) => [key, `functions/${key}.ts`]));
  await buildEntries(service, entryPoints, folder);
  return new Map(keys.map((key) => [key, join(folder, `${key}.cjs`)]));
}

/**
 * Bundles any files by those settings.
 *
 * @param entryPoints - files of the project by the name that the bundle is to have in the folder.
 * @returns what the bundles consist of.
 */
export async function buildEntries(
  service: Service,
  entryPoints: Record<string, string>,
  folder: string,
): Promise<Metafile> {
  const { bundle, minify, format, platform, target, ...rest } = service.custom.esbuild;
  const { mainFields, conditions, alias, legalComments } = rest;
  const { metafile } = await build({
    absWorkingDir: projectDir,
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    metafile: true,
    ...{ bundle, minify, format, platform, target },
    ...{ mainFields, conditions, alias, legalComments },
  });
  return metafile;
}
