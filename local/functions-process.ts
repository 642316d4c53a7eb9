import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../lib/time.ts';
import { type AwsEndpoints, awsEnvironment } from './aws-environment.ts';
import { localUrl, type Ports } from './ports.ts';

export interface FunctionsProcess {
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly close: () => Promise<void>;
}

export interface FunctionsOptions {
  readonly ports: Ports;
  readonly endpoints: AwsEndpoints;
  readonly logFile: string;
  /** Of the starting process; what it holds for AWS is not passed on. */
  readonly environment: NodeJS.ProcessEnv;
}

export const projectDir = fileURLToPath(new URL('..', import.meta.url));

const startLimitMs = 300_000;
const pollMs = 100;
/** A process that does not end by itself within this is killed. */
const endLimitMs = 2_000;

/**
 * Starts the functions of `serverless.yml` behind serverless-offline, in a process group of its own
 * that ends with this process.
 *
 * @returns when the functions answer.
 * @throws {Error} with the end of the log when the process ends before that.
 */
export async function startFunctions(options: FunctionsOptions): Promise<FunctionsProcess> {
  const { ports, logFile } = options;
  const started = spawnServerless(options);
  const ending = { ended: false };
  void started.ended.then(() => {
    ending.ended = true;
  });

  const deadline = systemClock.monotonicMs() + startLimitMs;
  while (!((await answers(localUrl(ports.api))) && (await answers(localUrl(ports.functions))))) {
    if (ending.ended || systemClock.monotonicMs() > deadline) {
      await started.close();
      throw new Error(`the functions did not start; ${logFile} ends with\n${readEnd(logFile)}`);
    }
    await systemClock.sleep(pollMs);
  }
  return started;
}

function spawnServerless(options: FunctionsOptions): FunctionsProcess {
  const child = spawnChild(options);
  const killGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended already.
    }
  };
  const killAtExit = () => killGroup('SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });

  return {
    ended,
    close: async () => {
      killGroup('SIGTERM');
      await Promise.race([ended, sleep(endLimitMs, undefined, { ref: false })]);
      killGroup('SIGKILL');
      await ended;
      process.off('exit', killAtExit);
      rmSync(join(projectDir, buildFolder(options.ports)), { recursive: true, force: true });
    },
  };
}

/** A group of its own, so that it is ended with whatever it started, and in order. */
function spawnChild(options: FunctionsOptions): ChildProcess {
  const { ports, logFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(
    process.execPath,
    [
      ...['--import', new URL('./end-with-parent.ts', import.meta.url).href],
      fileURLToPath(new URL('../node_modules/serverless/bin/serverless.js', import.meta.url)),
      ...['offline', '--stage', 'local', '--region', 'us-east-1', '--noSponsor'],
      // Web pages may not read what the functions answer.
      ...['--corsAllowOrigin', localUrl(ports.playground)],
    ],
    {
      cwd: projectDir,
      env: buildEnvironment(options),
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  return child;
}

/**
 * serverless-offline copies every variable that begins with `AWS_` into the functions; none of them
 * may be the developer's own, nor may the developer's AWS configuration have a say.
 */
function buildEnvironment({ environment, ports, endpoints }: FunctionsOptions): NodeJS.ProcessEnv {
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    ...awsEnvironment(endpoints),
    EVERGRANT_API_PORT: `${ports.api}`,
    EVERGRANT_LAMBDA_PORT: `${ports.functions}`,
    EVERGRANT_BUILD_FOLDER: buildFolder(ports),
    SLS_TELEMETRY_DISABLED: '1',
    SLS_NOTIFICATIONS_MODE: 'off',
    SLS_INTERACTIVE_SETUP_ENABLE: '0',
  };
}

/** Of this stack alone: packaging removes the usual folder when it is done. */
function buildFolder(ports: Ports): string {
  return join('.esbuild', `local-${ports.api}`);
}

/** Whether a server at `url` answers anything. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function readEnd(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
