/**
 * Measures what happens to connections when things go wrong, with real processes: the built
 * functions, each in processes of their own, against a strictly rotating provider.
 *
 *     npm run bench:faults -- [--quick] [--only NAME …] [--logs FOLDER]
 *
 * Prints one line of JSON per experiment as soon as it is done, and last a line with all of them;
 * on standard error what is being done. Ends with 1 when something that is expected does not hold.
 * docs/faults.md tells the method, and what every figure means.
 *
 * @module
 */
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startChild } from '../stack/child.ts';
import { describeMachine } from '../stack/machine.ts';
import { buildBundles, readService } from '../stack/service.ts';
import type { Build } from '../stack/start-stack.ts';
import { round } from '../stack/statistics.ts';
import type { Experiment, Finding, Run } from './experiment.ts';
import { hangingClient } from './hanging-client.ts';
import { killedRefresh } from './killed-refresh.ts';
import { oneExpiredToken } from './one-expired-token.ts';
import { slowProvider } from './slow-provider.ts';
import { storeOutage } from './store-outage.ts';

type Group = Readonly<Record<string, Experiment>>;

/**
 * One group after the other. Those of one group run side by side: they mostly wait. How many
 * milliseconds a kill comes too early is only measured with nothing beside.
 */
function listGroups(quick: boolean): readonly Group[] {
  const one = { one_expired_token: oneExpiredToken };
  const waiting = { slow_provider: slowProvider, store_outage: storeOutage };
  const killing = { killed_refresh: killedRefresh };
  const hanging = { hanging_client: hangingClient };
  if (quick)
    return [
      { ...waiting, ...one },
      { ...hanging, ...killing },
    ];
  return [one, waiting, killing, hanging];
}

const functionKeys = ['connections', 'vend', 'refresh', 'refresh-due', 'recover'];

type Report = Finding & {
  readonly experiment: string;
  readonly took_seconds: number;
  readonly load: object;
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      logs: { type: 'string' },
    },
  });
  const { quick, only, logs } = values;
  const groups = listGroups(quick);
  const names = groups.flatMap((group) => Object.keys(group));
  const choose = (group: Group) =>
    Object.fromEntries(Object.entries(group).filter(([name]) => only?.includes(name) ?? true));
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${names.join(', ')}`);

  tell('setting up')('the functions are built as serverless.yml says');
  const { PATH = '', TMPDIR = '/tmp' } = process.env;
  // In a process of its own, and in no group of ours, which a terminal interrupts as a whole.
  const folder = await startChild({
    ...{ module: 'folder.ts', environment: { PATH, TMPDIR }, detached: true },
  });
  const build = await buildFunctions(folder.url, { quick, logs });
  const reports = await runGroups(groups.map(choose), { build, quick });
  await folder.release();
  const failed = reports.flatMap(({ experiment, expectations }) =>
    expectations.filter(({ holds }) => !holds).map(({ expected }) => `${experiment}: ${expected}`),
  );
  console.log(JSON.stringify({ ...describeMachine(), quick, failed, experiments: reports }));
  for (const each of failed) tell('NOT AS EXPECTED')(each);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

async function runGroups(
  groups: readonly Group[],
  given: Pick<Run, 'build' | 'quick'>,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const group of groups) {
    const running = Object.entries(group).map(async ([name, experiment]) => {
      const report = await run(name, experiment, { ...given, tell: tell(name) });
      reports.push(report);
      console.log(JSON.stringify(report));
    });
    await Promise.all(running);
  }
  return reports;
}

async function buildFunctions(
  folder: string,
  { quick, logs }: { readonly quick: boolean; readonly logs: string | undefined },
): Promise<Build> {
  const service = await readService();
  return {
    service,
    bundles: await buildBundles(service, functionKeys, folder),
    ...(quick && { compileCache: join(folder, 'compiled') }),
    ...(logs !== undefined && { logFolder: resolve(logs) }),
  };
}

function tell(who: string): (next: string) => void {
  return (next) => console.error(`${(performance.now() / 1000).toFixed(1)} s  ${who}: ${next}`);
}

/** One that breaks off is reported like any other, so that the rest goes on. */
async function run(name: string, experiment: Experiment, given: Run): Promise<Report> {
  const [loadBefore] = loadavg();
  const beganMs = performance.now();
  given.tell('processes are started');
  const finding = await experiment(given).catch((error: unknown) => breakOff(error));
  const tookSeconds = round((performance.now() - beganMs) / 1000);
  given.tell(`done after ${tookSeconds} s`);
  // Other work on the machine makes every figure worse.
  const load = { before: round(loadBefore ?? 0), after: round(loadavg()[0] ?? 0) };
  return { experiment: name, took_seconds: tookSeconds, load, ...finding };
}

function breakOff(error: unknown): Finding {
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  const expectations = [{ expected: 'it runs to its end', holds: false }];
  return { parameters: {}, measured: { broke_off: message }, expectations };
}

await main();
process.exit();
