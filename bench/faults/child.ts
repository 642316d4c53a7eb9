import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** A process of the measurement's own, which serves HTTP on the loopback address. */
export interface Child {
  readonly pid: number;
  /** Its address without a path. */
  readonly url: string;
  /** Resolves when it is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it with SIGKILL; resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

export interface ChildOptions {
  /** A module of this folder, such as `store.ts`. */
  readonly module: string;
  readonly args?: readonly string[];
  /** Its whole environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its output goes; without one nowhere. */
  readonly logFile?: string;
}

const endWithParent = new URL('../../local/end-with-parent.ts', import.meta.url).href;

/**
 * Starts a module of this folder in a process of its own, which ends with this one however that
 * ends.
 *
 * @returns when the module has announced its address.
 * @throws {Error} when the process ends before that.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { module, args = [], environment = {}, logFile } = options;
  const log = logFile === undefined ? 'ignore' : openSync(logFile, 'a');
  const child = fork(join(import.meta.dirname, module), args, {
    execArgv: ['--import', endWithParent],
    env: environment,
    stdio: ['ignore', log, log, 'ipc'],
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
  };
}

interface Announcement {
  readonly url: string;
}

/** Tells the process that started this one where it is reached. */
export function announce(url: string): void {
  const announcement: Announcement = { url };
  process.send?.(announcement);
}
