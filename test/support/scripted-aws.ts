import { ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { AwsAccess } from '../../cli/aws-access.ts';
import { createPrinter } from '../../cli/output/printer.ts';
import { createProgress } from '../../cli/output/progress.ts';
import type { Session } from '../../cli/session.ts';
import { keepingStream } from './evergrant.ts';
import { movingClock } from './moving-clock.ts';

/** Answers by the name of the command, such as `DescribeRule`; it may throw what AWS does. */
export type AwsScript = Readonly<
  Record<string, (input: Readonly<Record<string, unknown>>) => unknown>
>;

export interface ScriptedAws extends Session {
  /** What was asked of AWS, in order. */
  readonly asked: readonly { readonly command: string; readonly input: unknown }[];
}

/**
 * A session on the stage `prod` whose AWS answers as a test says, for services that no stand-in
 * has. What is not in the script does not exist.
 */
export function scriptedAws(script: AwsScript): ScriptedAws {
  const asked: { command: string; input: unknown }[] = [];
  const clock = movingClock();
  const client = {
    send: async (sent: { readonly input: Readonly<Record<string, unknown>> }) => {
      const command = sent.constructor.name.replace(/Command$/, '');
      asked.push({ command, input: sent.input });
      const answer = script[command];
      if (!answer) {
        throw new ResourceNotFoundException({ message: 'no such thing', $metadata: {} });
      }
      return answer(sent.input);
    },
  };
  const service = () => client as never;
  const aws: AwsAccess = {
    settings: {},
    dynamodb: service,
    events: service,
    iam: service,
    lambda: service,
    secrets: service,
    sqs: service,
  };
  const { stream } = keepingStream();
  return {
    asked,
    aws: () => aws,
    stage: () => 'prod',
    clock,
    print: createPrinter({ output: stream, notes: stream }, { json: false }),
    progress: (what) => createProgress(stream, clock, what),
    input: process.stdin,
    interruption: new AbortController().signal,
  };
}
