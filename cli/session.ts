import type { Readable } from 'node:stream';
import type { Clock } from '../lib/time.ts';
import { type AwsAccess, type AwsSettings, createAwsAccess } from './aws-access.ts';
import { usageFailure } from './failure.ts';
import { createPrinter, type Printer } from './output/printer.ts';
import { createProgress, type Progress } from './output/progress.ts';
import { readLocalStack } from './stack-file.ts';
import type { Surroundings } from './surroundings.ts';

/** The options that every command has. */
export interface GlobalOptions {
  readonly stage?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly apiUrl?: string;
  readonly json?: true;
}

/** What a command works with. */
export interface Session {
  /** Which deployment. @throws {Failure} `usage` when nobody has said it. */
  readonly stage: () => string;
  /** @throws {Failure} `later` when the stage is `local` and does not run. */
  readonly aws: () => AwsAccess;
  readonly print: Printer;
  /** Shows long work; `what` are its items, in the plural. */
  readonly progress: (what: string) => Progress;
  readonly clock: Clock;
  readonly input: Readable;
  /** Aborted by Ctrl-C: finish the item at hand, and begin no other. */
  readonly interruption: AbortSignal;
}

/** Puts together what a command works with. Nothing is asked of AWS yet. */
export function createSession(surroundings: Surroundings, options: GlobalOptions): Session {
  const { environment, clock, input, interruption } = surroundings;
  const stage = options.stage ?? environment.EVERGRANT_STAGE;
  let aws: AwsAccess | undefined;
  return {
    stage: () => assertStage(stage),
    aws: () => {
      aws ??= createAwsAccess(chooseSettings(assertStage(stage), options, environment));
      return aws;
    },
    print: createPrinter(surroundings, { json: options.json === true }),
    progress: (what) => createProgress(surroundings.notes, clock, what),
    clock,
    input,
    interruption,
  };
}

/** What Serverless takes as a stage. */
const stagePattern = /^[a-zA-Z0-9-]{1,64}$/;

function assertStage(stage: string | undefined): string {
  if (stage === undefined || stage === '') {
    throw usageFailure('say which deployment: --stage NAME, or EVERGRANT_STAGE');
  }
  if (!stagePattern.test(stage)) throw usageFailure(`a stage matches ${stagePattern.source}`);
  return stage;
}

/**
 * The SDK's own settings have the last word on where the services are. Without them the stage
 * `local` is the one that runs on this machine, never one of that name in an account.
 */
function chooseSettings(
  stage: string,
  { region, profile, apiUrl }: GlobalOptions,
  environment: Surroundings['environment'],
): AwsSettings {
  const url = apiUrl ?? environment.EVERGRANT_API_URL;
  const asked = {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(url !== undefined && { apiUrl: url.replace(/\/+$/, '') }),
  };
  if (stage !== 'local' || environment.AWS_ENDPOINT_URL_DYNAMODB !== undefined) return asked;
  return { ...readLocalStack(environment), ...asked };
}
