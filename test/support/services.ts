/**
 * The AWS services that tests of the adapters use: stand-ins that a test file starts for itself, or
 * what `npm run test:aws` has started.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { startDynamoDb } from '../../local/dynamodb-server.ts';
import type { RunningServer } from '../../local/http-server.ts';
import { startQueues } from '../../local/queue-server.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';

/** The engines of one worker: no two test files use them at once. */
export interface WorkerEngines {
  /** The address of AWS's own DynamoDB Local. */
  readonly dynamodb: string;
  /** The address of moto. */
  readonly moto: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** What runs in place of the stand-ins, for each worker; only in `npm run test:aws`. */
    readonly engines: readonly WorkerEngines[] | undefined;
  }
}

/** The engines of this test file, or undefined where it starts stand-ins. */
export function workerEngines(): WorkerEngines | undefined {
  const engines = inject('engines');
  if (engines === undefined) return undefined;
  const mine = engines[Number(process.env.VITEST_POOL_ID) - 1];
  if (mine === undefined) throw new Error('there are more workers than engines');
  return mine;
}

let prepared: Promise<void> | undefined;

/** DynamoDB. Tables that an earlier test file has made are still there. */
export async function startDynamoDbService(): Promise<RunningServer> {
  const engines = workerEngines();
  if (engines === undefined) return startDynamoDb({ port: 0 });
  await assertServer(engines.dynamodb, 'Jetty');
  return lent(engines.dynamodb);
}

/** Secrets Manager, without any secret when a test file begins. */
export async function startSecretsService(): Promise<RunningServer> {
  return workerEngines() ? lent(await motoUrl()) : startSecretsManager({ port: 0 });
}

/** SQS, without any queue when a test file begins. */
export async function startQueueService(): Promise<RunningServer> {
  return workerEngines() ? lent(await motoUrl()) : startQueues({ port: 0 });
}

/** A name that no other test file gives to anything. */
export function nameOfItsOwn(kind: string): string {
  return `${kind}-${randomBytes(6).toString('hex')}`;
}

/**
 * moto, as it is when nothing was done with it yet: what an earlier test file has left is gone.
 *
 * @throws {Error} outside of `npm run test:aws`.
 */
export async function motoUrl(): Promise<string> {
  const { moto } = workerEngines() ?? {};
  if (moto === undefined) throw new Error('moto runs in npm run test:aws only');
  prepared ??= (async () => {
    await assertServer(moto, 'Werkzeug');
    const { ok } = await fetch(`${moto}/moto-api/reset`, { method: 'POST' });
    if (!ok) throw new Error('moto could not be reset');
  })();
  await prepared;
  return moto;
}

/** It goes on for the next test file. */
function lent(url: string): RunningServer {
  return { url, close: async () => undefined };
}

/** Makes sure that no stand-in answers where an engine should. */
async function assertServer(url: string, product: string): Promise<void> {
  const response = await fetch(url);
  await response.body?.cancel();
  const server = response.headers.get('server') ?? 'a server without a name';
  if (!server.startsWith(product)) throw new Error(`${url} is ${server}, not ${product}`);
}
