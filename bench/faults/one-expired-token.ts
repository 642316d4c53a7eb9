import { connectAll, warmUp } from './callers.ts';
import { type Experiment, nowSeconds } from './experiment.ts';
import { askJson } from './json-call.ts';
import { startStack } from './stack.ts';
import { countEach, describeValues, round } from './statistics.ts';

interface ManyAnswers {
  readonly waited_ms: readonly number[];
  readonly handled_ms: readonly number[];
  readonly answers: Readonly<Record<string, number>>;
}

const client = 'strict';
const connection = 'one';
const refreshPool = 'evergrant-local-refresh';
/** In the handlers at once; the rest waits before them. DynamoDB's stand-in is one thread. */
const atOncePerProcess = 16;
const latencyMs = 1500;

/** Any number of vends at once of one expired token: one call to the provider, no failure. */
export const oneExpiredToken: Experiment = async (build, quick) => {
  const vends = quick ? 2000 : 10_000;
  const processes = quick ? 4 : 8;
  const stack = await startStack(build, { clients: [client] });
  try {
    const behaviour = { replaces: 'when_answering', expires_in: 3600 } as const;
    await stack.provider.behave(client, { ...behaviour, latency_ms: latencyMs });
    const [connections, vending, refreshing] = await Promise.all([
      stack.start({ key: 'connections', count: 1 }),
      stack.start({ key: 'vend', count: processes }),
      stack.start({ key: 'refresh', count: 2, pool: refreshPool }),
    ]);
    const names = [{ client, connection }];
    await connectAll(stack, connections, { names, expiresAt: nowSeconds() - 1 });
    await warmUp(stack, client, { connections, vending, refreshing });
    const warmCalls = (await stack.provider.calls(client)).length;
    const warmInvocations = stack.lambda.invocations(refreshPool);

    const beganMs = performance.now();
    const parts = await Promise.all(
      vending.map(({ url }) =>
        askJson<ManyAnswers>(`${url}/invoke-many`, {
          event: { client, connection, max_wait_seconds: 25 },
          times: vends / processes,
          at_once: atOncePerProcess,
        }),
      ),
    );
    const seconds = round((performance.now() - beganMs) / 1000);
    const calls = (await stack.provider.calls(client)).slice(warmCalls);
    const [state] = await stack.provider.states([connection]);
    const answers = countAnswers(parts, state?.access_token);
    return {
      parameters: {
        ...{ vends, vend_processes: processes, in_handlers_at_once: processes * atOncePerProcess },
        provider_latency_ms: latencyMs,
      },
      measured: {
        provider_calls: calls.length,
        refresh_invocations: stack.lambda.invocations(refreshPool) - warmInvocations,
        answers,
        failures: vends - (answers.the_new_token ?? 0),
        seconds,
        from_asked_ms: describeValues(parts.flatMap(({ waited_ms }) => waited_ms)),
        in_handler_ms: describeValues(parts.flatMap(({ handled_ms }) => handled_ms)),
      },
      expectations: [
        { expected: 'one provider call', holds: calls.length === 1 },
        { expected: 'no failure', holds: answers.the_new_token === vends },
      ],
    };
  } finally {
    await stack.close();
  }
};

/** Every answer that is the provider's newest token counts as that. */
function countAnswers(
  parts: readonly ManyAnswers[],
  newest: string | undefined,
): Readonly<Record<string, number>> {
  const each = parts.flatMap(({ answers }) =>
    Object.entries(answers).flatMap(([answer, count]) =>
      Array.from({ length: count }, () => (answer === newest ? 'the_new_token' : answer)),
    ),
  );
  return countEach(each);
}
