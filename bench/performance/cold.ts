import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { type EventSource, prepareEvents } from './cold-events.ts';
import type { Figure } from './figure.ts';
import type { Measure, Measuring, PerformanceBuild } from './measure.ts';

interface ColdStart {
  /** From the start of the process to the first answered event, as its parent sees it. */
  readonly first_answer_ms: number;
  readonly import_ms: number;
  readonly handler_ms: number;
  readonly cpu_ms: number;
}

const measured = [
  ['first_answer', 'first_answer_ms'],
  ['import', 'import_ms'],
  ['handler', 'handler_ms'],
  ['cpu', 'cpu_ms'],
] as const;

/** Starts are cheap, and differ more than anything else that is measured here. */
const startsPerRun = 3;

const mostTries = 3;

/** From the start of a process to its first answered event. */
export const cold: Measure = async function* (measuring) {
  const { build, runs, tell } = measuring;
  const stack = await startStack(build, { clients: ['cold'] });
  try {
    const starts = runs * startsPerRun;
    const events = await prepareEvents(stack, (starts + 1) * mostTries);
    const found = new Map<string, ColdStart[]>();
    // In turn, so that a minute in which the machine is busy is everybody's.
    for (let start = 0; start <= starts; start += 1) {
      tell(start === 0 ? 'each is started once' : `start ${start} of ${starts}`);
      for (const [key, next] of Object.entries(events)) {
        const one = await startUntilDone(stack, { key, build, next });
        // The first reads the files of Node and of the bundle from the disk.
        if (start > 0) found.set(key, [...(found.get(key) ?? []), one]);
      }
    }
    yield [...found].flatMap(([key, all]) => describeStarts(key, all));
  } finally {
    await stack.close();
  }
};

function describeStarts(key: string, starts: readonly ColdStart[]): readonly Figure[] {
  return measured.map(([what, name]) => ({
    figure: `cold.${key}.${what}`,
    unit: 'ms',
    runs: starts.map((start) => start[name]),
    floors: [`cold.empty-handler.${what}`, `cold.bare-get-item.${what}`],
  }));
}

/** On a machine with other work a store may have been too slow for our own limits. */
async function startUntilDone(
  stack: Stack,
  {
    next,
    ...given
  }: { readonly key: string; readonly next: EventSource } & Pick<Measuring, 'build'>,
): Promise<ColdStart> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startCold(stack, { ...given, event: await next() });
    } catch (error) {
      if (tries === mostTries) throw error;
    }
  }
}

async function startCold(
  stack: Stack,
  {
    key,
    build,
    event,
  }: { readonly key: string; readonly event: object } & Pick<Measuring, 'build'>,
): Promise<ColdStart> {
  const { bundle, name, timeout } = find(build, key);
  const eventFile = join(build.folder, `${key}.json`);
  writeFileSync(eventFile, JSON.stringify(event));
  const program = join(import.meta.dirname, 'cold-process.cjs');
  const beganMs = performance.now();
  const child = spawn(process.execPath, [program, bundle, eventFile, name, `${timeout}`], {
    env: { ...stack.environment({ key }) },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const told = child.stdio[3] as Readable;
  let firstAnswerMs = 0;
  told.once('data', () => {
    firstAnswerMs = performance.now() - beganMs;
  });
  const { answer, ...times } = (await json(told)) as ColdStart & { readonly answer: unknown };
  assertDone(key, answer);
  return { ...times, first_answer_ms: firstAnswerMs };
}

function find({ bundles, service }: PerformanceBuild, key: string) {
  const bundle = bundles.get(key);
  const definition = service.functions[key];
  if (bundle === undefined || !definition) throw new Error(`there is no function ${key}`);
  const { name, timeout = service.provider.timeout } = definition;
  return { bundle, name, timeout };
}

/** What failed has not done what it would have taken time to do. */
function assertDone(key: string, answer: unknown): void {
  const given = (answer ?? { error: 'none' }) as {
    readonly error?: string;
    readonly statusCode?: number;
    readonly headers?: { readonly location?: string };
    readonly outcome?: string;
    readonly batchItemFailures?: readonly unknown[];
  };
  const { error, statusCode = 200, headers, outcome, batchItemFailures: failures = [] } = given;
  const isTurnedAway = key === 'callback' && !headers?.location?.includes('status=connected');
  const isNotRefreshed = key === 'refresh' && outcome !== 'refreshed';
  const isFailure = error !== undefined || statusCode >= 400 || failures.length > 0;
  if (isFailure || isTurnedAway || isNotRefreshed) {
    throw new Error(`${key} did not do it: ${JSON.stringify({ ...given, body: undefined })}`);
  }
}
