import './assert-node.mjs';
import { mkdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, projectDir, startFunctions } from './functions-process.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { startLambdaGateway } from './lambda-gateway.ts';
import { startPlayground } from './playground/server.ts';
import { assertPortsFree, buildPorts, localUrl, readPortBase } from './ports.ts';
import { startQueuePoller } from './queue-poller.ts';
import { readServiceDefinition } from './service-definition.ts';
import { listDefinedProviders } from './simulators/defined/defined-provider.ts';
import {
  buildEndpoints,
  buildRoutes,
  buildStreamRoutes,
  buildUrls,
  type Part,
  type RunningServices,
  type StackUrls,
  stage,
  startProviders,
  startStores,
} from './stack-parts.ts';
import { createStreamPoller } from './stream-poller.ts';

export interface Stack {
  readonly urls: StackUrls;
  /** Where the functions' output goes. */
  readonly logFile: string;
  /** Resolves when the functions' process has ended: by `close`, or by itself. */
  readonly ended: Promise<void>;
  /** Ends everything that was started, within seconds. */
  readonly close: () => Promise<void>;
}

export interface StackOptions {
  /** First of the twelve ports in a row that the stack listens on. */
  readonly portBase: number;
  /** Folder in which state outlives a restart, and where `local.json` is written. */
  readonly stateDir: string;
  /** No line on standard output while it starts. Default false. */
  readonly quiet?: boolean;
  /** Run already, in place of the stand-ins. */
  readonly services?: RunningServices;
}

/** Invocations under way have this long to end when the stack does. */
const drainMs = 1500;

/** When everything should have ended long ago. */
const endLimitMs = 8000;

/**
 * Starts the local stack: the functions of `serverless.yml`, stand-ins for the AWS services they
 * use, simulated providers and the playground, all on the loopback address.
 *
 * @returns when everything answers and `local.json` is written.
 * @throws {Error} naming the port that is in use, or what did not start; nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { portBase, stateDir } = options;
  const stackFile = join(stateDir, 'local.json');
  await assertNotRunning(stackFile, localUrl(buildPorts(portBase).api));
  await assertPortsFree(portBase);
  rmSync(stackFile, { force: true });
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });

  const parts: Part[] = [];
  const close = once(async () => {
    rmSync(stackFile, { force: true });
    for (const part of parts.toReversed()) await part.close();
  });
  try {
    const started = await startParts(options, parts);
    writeJsonFile(stackFile, started.urls);
    return { ...started, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Two stacks cannot share a folder. A file left by one that was killed does no harm, and of one on
 * the same ports the ports tell.
 */
async function assertNotRunning(stackFile: string, ownApi: string): Promise<void> {
  const other = readJsonFile(stackFile) as StackUrls | undefined;
  if (other === undefined || other.api === ownApi) return;
  if (!(await answers(other.secrets_manager))) return;
  throw new Error(
    `a local stack with the state of this folder is running, see ${other.playground}; ` +
      'end it, or set EVERGRANT_STATE_DIR to another folder',
  );
}

/** Starts everything in the order of need; `parts` gets each one as soon as it runs. */
async function startParts(
  { portBase, stateDir, quiet = false, services }: StackOptions,
  parts: Part[],
): Promise<Omit<Stack, 'close'>> {
  const say = (text: string) => (quiet ? undefined : console.log(text));
  const keep = <Kept extends Part>(part: Kept): Kept => {
    parts.push(part);
    return part;
  };
  const ports = buildPorts(portBase);
  const definition = readServiceDefinition(join(projectDir, 'serverless.yml'), stage);
  const endpoints = buildEndpoints(ports, services);
  const site = { ports, stateDir, definition, endpoints, services };

  say('Starting DynamoDB, SQS, Secrets Manager, EventBridge and the providers …');
  const streams = createStreamPoller(buildStreamRoutes(definition));
  const queueNames = await startStores(site, keep, streams);
  const defined = listDefinedProviders();
  const providers = await startProviders({ ...site, defined }, keep);
  const urls = buildUrls(site, providers);

  say('Starting the functions …');
  keep(
    await startLambdaGateway({
      port: ports.lambda,
      target: localUrl(ports.functions),
      functions: definition.functions.map(({ name }) => name),
    }),
  );
  const logFile = join(stateDir, 'functions.log');
  const functions = keep(
    await startFunctions({ ports, endpoints, logFile, environment: process.env }),
  );
  const routes = buildRoutes(definition, queueNames);
  keep(drained(startQueuePoller({ sqs: urls.sqs, lambda: urls.lambda, routes })));
  streams.start(urls.lambda);
  keep(drained(streams));
  keep(await startPlayground({ port: ports.playground, stack: urls, defined }));
  return { urls, logFile, ended: functions.ended };
}

/** Not every invocation ends at once, and the stack has to. */
function drained(poller: Part): Part {
  return {
    close: async () => {
      await Promise.race([poller.close(), sleep(drainMs, undefined, { ref: false })]);
    },
  };
}

/** The second call of `close` waits for the first one's end. */
function once(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= close();
    return closing;
  };
}

/** `npm start`: runs the stack until it is told to end. */
async function main(): Promise<void> {
  const starting = startStack({
    portBase: readPortBase(process.env.EVERGRANT_PORT_BASE),
    stateDir: resolve(projectDir, process.env.EVERGRANT_STATE_DIR || '.evergrant'),
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => end(starting));
  }
  const stack = await starting;
  console.log(buildWelcome(stack));
  await stack.ended;
  if (ending) return;
  console.error(`The functions ended unexpectedly; ${stack.logFile} says why.`);
  await stack.close();
  process.exit(1);
}

let ending = false;

/** Ends the process in order; told twice, or before everything runs, at once. */
function end(starting: Promise<Stack>): void {
  if (ending) process.exit(1);
  ending = true;
  console.log('\nEnding …');
  setTimeout(() => process.exit(1), endLimitMs).unref();
  const closed = Promise.race([starting, Promise.resolve(undefined)]).then((stack) =>
    stack?.close(),
  );
  void closed.finally(() => process.exit(0));
}

function buildWelcome({ urls, logFile }: Stack): string {
  return [
    '',
    `  Playground   ${urls.playground}`,
    `  API          ${urls.api}`,
    `  Log          ${relative(process.cwd(), logFile)}`,
    '',
    'Ctrl-C ends it; what is connected is there again at the next start.',
  ].join('\n');
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(`Evergrant did not start: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  });
}
