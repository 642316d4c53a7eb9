import {
  InvokeCommand,
  type InvokeCommandOutput,
  type LambdaClient,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import type { RefreshInvoker, RefreshReply } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import { buildRefreshRequest, parseRefreshReply } from './refresh-payload.ts';
import { storeFault } from './store-fault.ts';

const place = { store: 'refresh-function', operation: 'invoke' };

/**
 * The function `refresh`, invoked synchronously. When the caller stops waiting, the function runs
 * on, and its result is in the table.
 *
 * @param options.client - one that neither repeats an invocation nor gives up before `timeoutMs`.
 */
export function lambdaRefreshInvoker(options: {
  readonly client: LambdaClient;
  readonly functionName: string;
}): RefreshInvoker {
  return {
    invoke: async (request, timeoutMs) => {
      const abortSignal = AbortSignal.timeout(Math.max(0, Math.floor(timeoutMs)));
      const command = new InvokeCommand({
        FunctionName: options.functionName,
        InvocationType: 'RequestResponse',
        Payload: new TextEncoder().encode(buildRefreshRequest(request)),
      });
      try {
        return parseAnswer(await options.client.send(command, { abortSignal }));
      } catch (error) {
        if (error instanceof TooManyRequestsException) return 'busy';
        if (abortSignal.aborted) return undefined;
        throw storeFault(place, error);
      }
    },
  };
}

/** @throws {Fault} `STORE_UNAVAILABLE` when the function failed or its reply is none of ours. */
function parseAnswer({ FunctionError, Payload }: InvokeCommandOutput): RefreshReply {
  if (FunctionError !== undefined) {
    throw new Fault('STORE_UNAVAILABLE', { ...place, reason: 'FunctionError' });
  }
  try {
    return parseRefreshReply(new TextDecoder().decode(Payload));
  } catch {
    throw new Fault('STORE_UNAVAILABLE', { ...place, reason: 'reply' });
  }
}
