import { randomUUID } from 'node:crypto';
import { systemClock } from '../lib/time.ts';
import { type Reply, type RunningServer, startHttpServer } from './http-server.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import { lifecycleOperations, purgeSecrets } from './secrets/lifecycle-operations.ts';
import type { Operations } from './secrets/operation.ts';
import { passwordOperations } from './secrets/random-password.ts';
import { readOperations } from './secrets/read-operations.ts';
import type { Secrets } from './secrets/secret-record.ts';
import { SecretsRefusal } from './secrets/secrets-refusal.ts';
import { stageOperations } from './secrets/stage-operations.ts';
import { valueOperations } from './secrets/value-operations.ts';

const operations: Operations = {
  ...readOperations,
  ...valueOperations,
  ...stageOperations,
  ...lifecycleOperations,
  ...passwordOperations,
};

const maxBodyBytes = 1024 * 1024;

/**
 * Starts a stand-in for AWS Secrets Manager.
 *
 * It speaks the service's own protocol (AWS JSON 1.1), so that the SDK and the command line tool
 * work against it unchanged. A write is on the disk before it is answered. Signatures are not
 * verified, and whoever reaches the port may do everything.
 *
 * @param port - 0 for any free one.
 * @param stateFile - where secrets are kept, readable by its owner only; without one they end with
 *   the server.
 * @throws {Error} when the port is in use, or the state file is not ours.
 */
export async function startSecretsManager({
  port,
  stateFile,
}: {
  readonly port: number;
  readonly stateFile?: string;
}): Promise<RunningServer> {
  let secrets = readState(stateFile);

  const perform = (target: string | undefined, body: Buffer): object => {
    const operation = findOperation(target);
    const now = systemClock.nowMs() / 1000;
    const result = operation(purgeSecrets(secrets, now), parseInput(body), now);
    if (result.secrets !== undefined) {
      if (stateFile !== undefined) writeJsonFile(stateFile, { secrets: result.secrets });
      secrets = result.secrets;
    }
    return result.answer;
  };

  return startHttpServer(
    (request, body) => {
      const target = request.headers['x-amz-target'];
      try {
        return buildReply(200, perform(typeof target === 'string' ? target : undefined, body));
      } catch (error) {
        if (!(error instanceof SecretsRefusal)) throw error;
        return buildReply(400, { __type: error.type, message: error.message });
      }
    },
    { port, maxBodyBytes },
  );
}

function readState(stateFile: string | undefined): Secrets {
  const state = stateFile === undefined ? undefined : readJsonFile(stateFile);
  if (state === undefined) return [];
  const { secrets } = state as { readonly secrets?: Secrets };
  if (Array.isArray(secrets)) return secrets;
  throw new Error(`${stateFile} does not hold secrets; move it away to start with none`);
}

function findOperation(target: string | undefined) {
  const name = /^secretsmanager\.(\w+)$/.exec(target ?? '')?.[1] ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation !== undefined) return operation;
  throw new SecretsRefusal(
    'UnknownOperationException',
    `There is no operation ${name || 'named'}.`,
  );
}

function parseInput(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new SecretsRefusal('SerializationException', 'The request is not JSON.');
  }
}

function buildReply(status: number, answer: object): Reply {
  return {
    status,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    },
    body: JSON.stringify(answer),
  };
}
