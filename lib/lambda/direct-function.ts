import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { Fault } from '../fault.ts';
import { answersBeforeTheEnd } from '../invocation-end.ts';
import type { FunctionLog } from '../log.ts';
import { type Problem, reportFailure } from '../problem.ts';
import { reachOf } from './reach.ts';

/**
 * Wraps a function that other Lambda functions invoke directly. Such an event carries no identity,
 * so one that claims to be an HTTP request is refused.
 *
 * @returns a handler that answers failures as values, in the interface's words: the invoker's SDK
 *   would hide a thrown error's shape.
 */
export function directFunction<Answer extends object>(
  log: FunctionLog,
  respond: (event: unknown, context: Context) => Promise<Answer>,
) {
  return middy<unknown, Answer | Problem>(answersBeforeTheEnd)
    .before(({ context }) => log.begin(context))
    .onError((request) => {
      request.response = reportFailure(log, request.error);
    })
    .handler(async (event: unknown, context: Context) => {
      if (typeof event === 'object' && event !== null && 'requestContext' in event) {
        log.audit({ reach: reachOf(context), action: 'invoke', decision: 'denied' });
        throw new Fault('ACCESS_DENIED', { action: 'invoke' });
      }
      return respond(event, context);
    });
}
