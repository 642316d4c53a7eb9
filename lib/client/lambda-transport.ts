import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  memberOf,
  parseJson,
  type Reply,
  type Transport,
  unreachable,
  vendMessage,
} from './transport.ts';

/** Direct invocation of the function `vend`. */
export function lambdaTransport(client: LambdaClient, functionName: string): Transport {
  return {
    ask: async (request, timeoutMs) => {
      const abortSignal = AbortSignal.timeout(Math.max(0, Math.floor(timeoutMs)));
      const command = new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'RequestResponse',
        Payload: new TextEncoder().encode(vendMessage(request)),
      });
      try {
        return readOutput(await client.send(command, { abortSignal }));
      } catch (error) {
        if (abortSignal.aborted) return unreachable('timeout', false);
        return readRefusal(error);
      }
    },
  };
}

function readOutput({ FunctionError, Payload }: InvokeCommandOutput): Reply {
  if (FunctionError !== undefined) return unreachable('function_failed', true);
  const message = parseJson(new TextDecoder().decode(Payload));
  const isObject = typeof message === 'object' && message !== null;
  return isObject ? { outcome: 'answered', message } : unreachable('unusable_answer', false);
}

/**
 * What Lambda says, or what stood in the way of its saying anything.
 *
 * @see {@link https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors}
 */
function readRefusal(error: unknown): Reply {
  const name = String(memberOf(error, 'name'));
  const status = Number(memberOf(memberOf(error, '$metadata'), 'httpStatusCode') ?? 0);
  if (name === 'AccessDeniedException') return { outcome: 'denied' };
  if (name === 'CredentialsProviderError') return unreachable('credentials', false);
  if (name === 'TimeoutError') return unreachable('timeout', true);
  if (status === 429) return unreachable('throttled', true);
  if (status === 404) return unreachable('not_found', false);
  if (status === 401 || status === 403) return unreachable('credentials', false);
  // 409: the function is being deployed, and answers in a moment.
  if (status >= 500 || status === 409) return unreachable('service_error', true);
  if (name === 'SyntaxError') return unreachable('unusable_answer', false);
  return isOfNetwork(error) ? unreachable('network', true) : unreachable('configuration', false);
}

/** Whether it is an error of the system, such as `ECONNREFUSED`, and none that the SDK made. */
function isOfNetwork(error: unknown): boolean {
  return /^E[A-Z]/.test(String(memberOf(error, 'code')));
}
