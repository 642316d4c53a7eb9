import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { turnstile } from './turnstile.ts';

/** A process of the measurement's own. */
export interface Child {
  readonly pid: number;
  /** What it has announced: of one that serves HTTP on the loopback address, its origin. */
  readonly url: string;
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it with SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Lets go of it, so that it ends by itself; resolves when it is gone, or takes too long. */
  readonly release: () => Promise<void>;
}

export interface ChildOptions {
  /** A module, from this folder on: `store.ts`. */
  readonly module: string;
  readonly args?: readonly string[];
  /** Its whole environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its output goes; without one nowhere. */
  readonly logFile?: string;
  /** Whether it is left out when a terminal interrupts everything. */
  readonly detached?: boolean;
}

/** Preloaded into a process that has a channel to this one: ends it with this one. */
export const endWithParent = new URL('../../local/end-with-parent.ts', import.meta.url).href;

const mostEndingMs = 5000;

/** To start is all work and no waiting: more at once would only take longer each. */
const inTurn = turnstile(availableParallelism());

/**
 * Starts a module of this folder in a process of its own, which ends with this one however that
 * ends.
 *
 * @returns when the module has announced itself.
 * @throws {Error} when the process ends before that.
 */
export function startChild(options: ChildOptions): Promise<Child> {
  return inTurn(() => forkChild(options));
}

async function forkChild(options: ChildOptions): Promise<Child> {
  const { module, args = [], environment = {}, logFile, detached = false } = options;
  const log = logFile === undefined ? 'ignore' : openSync(logFile, 'a');
  const child = fork(join(import.meta.dirname, module), args, {
    execArgv: ['--import', endWithParent],
    env: environment,
    stdio: ['ignore', log, log, 'ipc'],
    detached,
  });
  if (typeof log === 'number') closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as Announcement).url));
    child.once('exit', () =>
      reject(new Error(`${module} did not start; --logs FOLDER keeps what it says`)),
    );
  });
  return {
    pid: child.pid ?? 0,
    url,
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    release: async () => {
      child.disconnect();
      await Promise.race([ended, sleep(mostEndingMs, undefined, { ref: false })]);
    },
  };
}

interface Announcement {
  readonly url: string;
}

/** Tells the process that started this one where it is reached. */
export function announce(url: string): void {
  const announcement: Announcement = { url };
  process.send?.(announcement);
  // Whoever is killed leaves no cache behind otherwise. Without one in the environment, nothing.
  flushCompileCache();
}
