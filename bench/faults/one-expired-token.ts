import { connectAll, warmUp } from './callers.ts';
import type { Child } from './child.ts';
import { type Experiment, nowSeconds } from './experiment.ts';
import { askJson } from './json-call.ts';
import { type Stack, startStack } from './stack.ts';
import { countEach, describeValues, round } from './statistics.ts';

interface ManyAnswers {
  readonly waited_ms: readonly number[];
  readonly handled_ms: readonly number[];
  readonly answers: Readonly<Record<string, number>>;
}

interface Scale {
  readonly vends: number;
  readonly processes: number;
}

const client = 'strict';
const connection = 'one';
const refreshPool = 'evergrant-local-refresh';
/** In one process's handler at once; the rest waits before it. DynamoDB's stand-in is one thread. */
const atOncePerProcess = 16;
const latencyMs = 1500;

/** Any number of vends at once of one expired token: one call to the provider, no failure. */
export const oneExpiredToken: Experiment = async (build, quick) => {
  const scale = quick ? { vends: 2000, processes: 4 } : { vends: 10_000, processes: 8 };
  const { vends, processes } = scale;
  const stack = await startStack(build, { clients: [client] });
  try {
    const vending = await prepare(stack, scale);
    const callsBefore = (await stack.provider.calls(client)).length;
    const invocationsBefore = stack.lambda.invocations(refreshPool);

    const { parts, seconds } = await vendAll(vending, scale);

    const calls = (await stack.provider.calls(client)).length - callsBefore;
    const [state] = await stack.provider.states([connection]);
    const answers = countAnswers(parts, state?.access_token);
    return {
      parameters: {
        ...{ vends, vend_processes: processes, in_handlers_at_once: processes * atOncePerProcess },
        provider_latency_ms: latencyMs,
      },
      measured: {
        provider_calls: calls,
        refresh_invocations: stack.lambda.invocations(refreshPool) - invocationsBefore,
        answers,
        failures: vends - (answers.the_new_token ?? 0),
        seconds,
        from_asked_ms: describeValues(parts.flatMap(({ waited_ms }) => waited_ms)),
        in_handler_ms: describeValues(parts.flatMap(({ handled_ms }) => handled_ms)),
      },
      expectations: [
        { expected: 'one provider call', holds: calls === 1 },
        { expected: 'no failure', holds: answers.the_new_token === vends },
      ],
    };
  } finally {
    await stack.close();
  }
};

/** @returns the processes that vend, each with some work behind it. */
async function prepare(stack: Stack, { processes }: Scale): Promise<readonly Child[]> {
  const behaviour = { replaces: 'when_answering', expires_in: 3600 } as const;
  const [connections, vending, refreshing] = await Promise.all([
    stack.start({ key: 'connections', count: 1 }),
    stack.start({ key: 'vend', count: processes }),
    stack.start({ key: 'refresh', count: 2, pool: refreshPool }),
  ]);
  await warmUp(stack, client, { connections, vending, refreshing });
  await stack.provider.behave(client, { ...behaviour, latency_ms: latencyMs });
  await connectAll(stack, connections, {
    names: [{ client, connection }],
    expiresAt: nowSeconds() - 1,
  });
  return vending;
}

async function vendAll(
  vending: readonly Child[],
  { vends, processes }: Scale,
): Promise<{ readonly parts: readonly ManyAnswers[]; readonly seconds: number }> {
  const beganMs = performance.now();
  const asked = vending.map(({ url }) =>
    askJson<ManyAnswers>(`${url}/invoke-many`, {
      event: { client, connection, max_wait_seconds: 25 },
      times: vends / processes,
      at_once: atOncePerProcess,
    }),
  );
  const parts = await Promise.all(asked);
  return { parts, seconds: round((performance.now() - beganMs) / 1000) };
}

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
