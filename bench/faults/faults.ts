/**
 * Measures what happens to connections when things go wrong, with real processes: the built
 * functions, each in processes of their own, against a strictly rotating provider.
 *
 *     npm run bench:faults -- [--quick] [--only NAME] [--logs FOLDER]
 *
 * Prints one line of JSON per experiment, and last a line with all of them. Ends with 1 when
 * something that is expected does not hold.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectDir } from '../../local/functions-process.ts';
import { readJsonFile } from '../../local/json-file.ts';
import type { Experiment, Finding } from './experiment.ts';
import { hangingClient } from './hanging-client.ts';
import { killedRefresh } from './killed-refresh.ts';
import { oneExpiredToken } from './one-expired-token.ts';
import { buildBundles, readService } from './service.ts';
import { slowProvider } from './slow-provider.ts';
import type { Build } from './stack.ts';
import { round } from './statistics.ts';
import { storeOutage } from './store-outage.ts';

/**
 * One group after the other. Those of one group run side by side: they mostly wait. How many
 * milliseconds a kill comes too early is only measured with nothing beside.
 */
function listGroups(quick: boolean): readonly Readonly<Record<string, Experiment>>[] {
  const waiting = { slow_provider: slowProvider, store_outage: storeOutage };
  const killing = { killed_refresh: killedRefresh };
  return [
    { one_expired_token: oneExpiredToken },
    ...(quick ? [{ ...waiting, ...killing }] : [waiting, killing]),
    { hanging_client: hangingClient },
  ];
}

const functionKeys = ['connections', 'vend', 'refresh', 'refresh-due', 'recover'];
const versioned = ['dynalite', 'fauxqs', 'esbuild', '@aws-sdk/client-dynamodb'];

type Report = Finding & {
  readonly experiment: string;
  readonly took_seconds: number;
  readonly load: object;
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      logs: { type: 'string' },
    },
  });
  const { quick, only, logs } = values;
  const groups = listGroups(quick);
  const names = groups.flatMap((group) => Object.keys(group));
  if (only !== undefined && !names.includes(only)) throw new Error(`--only is one of ${names}`);

  const folder = mkdtempSync(join(tmpdir(), 'evergrant-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const service = await readService();
  const bundles = await buildBundles(service, functionKeys, folder);
  const build = { service, bundles, ...(logs !== undefined && { logFolder: resolve(logs) }) };

  const reports: Report[] = [];
  for (const group of groups) {
    const chosen = Object.entries(group).filter(([name]) => only === undefined || name === only);
    const running = chosen.map(async ([name, experiment]) => {
      const report = await run(name, experiment, { build, quick });
      reports.push(report);
      console.log(JSON.stringify(report));
    });
    await Promise.all(running);
  }
  const failed = reports.flatMap(({ experiment, expectations }) =>
    expectations.filter(({ holds }) => !holds).map(({ expected }) => `${experiment}: ${expected}`),
  );
  console.log(JSON.stringify({ ...describeMachine(), quick, failed, experiments: reports }));
  process.exit(failed.length === 0 ? 0 : 1);
}

async function run(
  name: string,
  experiment: Experiment,
  { build, quick }: { readonly build: Build; readonly quick: boolean },
): Promise<Report> {
  const [loadBefore] = loadavg();
  const beganMs = performance.now();
  const finding = await experiment(build, quick);
  const tookSeconds = round((performance.now() - beganMs) / 1000);
  // Other work on the machine makes every figure worse.
  const load = { before: round(loadBefore ?? 0), after: round(loadavg()[0] ?? 0) };
  return { experiment: name, took_seconds: tookSeconds, load, ...finding };
}

function describeMachine(): object {
  const versions = versioned.map((name) => {
    const file = join(projectDir, 'node_modules', name, 'package.json');
    return [name, (readJsonFile(file) as { readonly version: string }).version];
  });
  return {
    machine: {
      processors: cpus().length,
      model: cpus()[0]?.model,
      memory_gib: round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: { node: process.version, ...Object.fromEntries(versions) },
  };
}

await main();
