/**
 * The stage `local`: where the stack that `npm start` runs has its parts.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import type { AwsSettings } from './aws-access.ts';
import { Failure } from './failure.ts';

const projectDir = resolve(import.meta.dirname, '..');

const stackFileSchema = v.object({
  region: v.string(),
  api: v.string(),
  lambda: v.string(),
  dynamodb: v.string(),
  secrets_manager: v.string(),
  sqs: v.string(),
});

/**
 * Reads how to reach the local stack, as its operator, from the file that it leaves while it runs.
 *
 * @throws {Failure} `later` when it does not run.
 */
export function readLocalStack(environment: {
  readonly EVERGRANT_STATE_DIR?: string | undefined;
}): AwsSettings {
  const folder = resolve(projectDir, environment.EVERGRANT_STATE_DIR || '.evergrant');
  const stack = readStackFile(join(folder, 'local.json'));
  return {
    region: stack.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    apiUrl: stack.api,
    endpoints: {
      dynamodb: stack.dynamodb,
      lambda: stack.lambda,
      secretsManager: stack.secrets_manager,
      sqs: stack.sqs,
    },
  };
}

function readStackFile(file: string): v.InferOutput<typeof stackFileSchema> {
  try {
    return v.parse(stackFileSchema, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Failure('later', {
      error: 'not_running',
      error_description:
        'the local stack does not run; start it with npm start, with the same EVERGRANT_STATE_DIR',
    });
  }
}
