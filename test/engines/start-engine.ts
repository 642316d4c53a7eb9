import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunningServer } from '../../local/http-server.ts';
import { localUrl } from '../../local/ports.ts';
import { engineFolder, type Installed } from './install.ts';

interface Engine {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** DynamoDB Local, in memory. */
export function startDynamoDbLocal(installed: Installed, worker: number): Promise<RunningServer> {
  return startEngine({
    name: `dynamodb-local-${worker}`,
    program: installed.java,
    args: [
      ...['-Xmx1g', '-XX:+UseSerialGC', `-Djava.library.path=${installed.libraryPath}`],
      ...['-cp', installed.classPath, 'DynamoDbOnLoopback'],
    ],
  });
}

/** moto, for the account that the local stack has too. */
export function startMoto(installed: Installed, worker: number): Promise<RunningServer> {
  return startEngine({
    name: `moto-${worker}`,
    program: installed.python,
    args: [join(import.meta.dirname, 'moto_on_loopback.py')],
    environment: { MOTO_ACCOUNT_ID: '000000000000' },
  });
}

/**
 * Starts a server that writes its port as its first line and ends with its standard input, which
 * ends with this process, however that does.
 *
 * @throws {Error} with the end of its log when it ends before that.
 */
async function startEngine(engine: Engine): Promise<RunningServer> {
  const { name, program, args, environment } = engine;
  const logFile = join(engineFolder, `${name}.log`);
  const log = openSync(logFile, 'w');
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(program, args, {
    env: { PATH, HOME, TMPDIR, ...environment },
    stdio: ['pipe', 'pipe', log],
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const port = await readFirstLine(child);
  if (port === undefined) {
    const end = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(`${name} did not start; ${logFile} ends with\n${end}`);
  }
  return {
    url: localUrl(Number(port)),
    close: async () => {
      child.stdin?.end();
      await ended;
    },
  };
}

async function readFirstLine({ stdout }: ChildProcess): Promise<string | undefined> {
  if (stdout === null) return undefined;
  for await (const line of createInterface({ input: stdout })) return line;
  return undefined;
}
