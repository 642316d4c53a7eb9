import { availableParallelism } from 'node:os';
import { connectAll, type Workers, warmUp } from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { countInside, type ManyVend, vendMany } from '../stack/many-invocations.ts';
import { readRefreshSettings } from '../stack/service.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { countEach, describeValues, greatest, round } from '../stack/statistics.ts';
import { nowSeconds, pass } from '../stack/waiting.ts';
import type { Experiment } from './experiment.ts';

interface Scale {
  readonly vends: number;
  readonly processes: number;
  /** How many are in handlers at once, round by round. */
  readonly rounds: readonly number[];
  /** How often a caller asks, if it is told to come back. */
  readonly mostTries: number;
  /** How long it waits each time, in seconds. */
  readonly maxWait: number;
}

const client = 'strict';
const refreshPool = 'evergrant-local-refresh';
const doubled = [128, 256, 512, 1024, 2048, 4096];
/** A vend's first steps take two processors some milliseconds: more at once would only queue up. */
const enterPerProcessorSecond = 125;

/**
 * Any number of vends at once of one expired token: one call to the provider, no failure.
 *
 * The provider keeps its answer until as many vends as the round says are in the handlers. Rounds
 * grow until the machine is too slow: the stand-in for DynamoDB is one process, and beyond some point
 * its answers come later than our own store's time limit.
 */
export const oneExpiredToken: Experiment = async ({ build, quick, tell }) => {
  const scale: Scale = quick
    ? { vends: 1200, processes: 3, rounds: [24], mostTries: 30, maxWait: 10 }
    : { vends: 10_000, processes: 8, rounds: doubled, mostTries: 1, maxWait: 25 };
  const stack = await startStack(build, { clients: [client] });
  try {
    const workers = await startWorkers(stack, scale);
    await warmUp(stack, client, { ...workers, quick });
    const { timeout } = readRefreshSettings(build.service);
    // The provider keeps its answer no longer, so that callers have time left.
    const holdSeconds = Math.min(timeout - 2, scale.maxWait / 2);
    const rounds: Round[] = [];
    for (const atOnce of scale.rounds) {
      tell(`${scale.vends} vends, ${atOnce} at once in handlers`);
      const done = await vendAll(stack, workers, { ...scale, atOnce, holdSeconds });
      rounds.push(done);
      if (done.failures > 0) break;
    }
    const held = rounds.filter(({ failures }) => failures === 0);
    return {
      parameters: { vends: scale.vends, vend_processes: scale.processes, tries: scale.mostTries },
      measured: { most_in_handlers_without_failure: held.at(-1)?.in_handlers_at_once ?? 0, rounds },
      expectations: [
        {
          expected: 'one provider call in every round',
          holds: rounds.every(({ provider_calls: calls }) => calls === 1),
        },
        { expected: `no failure with ${scale.rounds[0]} at once`, holds: held.length > 0 },
      ],
    };
  } finally {
    await stack.close();
  }
};

async function startWorkers(stack: Stack, { processes }: Scale): Promise<Workers> {
  const [connections, vending, refreshing] = await Promise.all([
    stack.start({ key: 'connections', count: 1 }),
    stack.start({ key: 'vend', count: processes }),
    stack.start({ key: 'refresh', count: 2, pool: refreshPool }),
  ]);
  return { connections, vending, refreshing };
}

interface RoundOptions extends Scale {
  readonly atOnce: number;
  readonly holdSeconds: number;
}

type Round = Awaited<ReturnType<typeof vendAll>>;

async function vendAll(stack: Stack, { connections, vending }: Workers, options: RoundOptions) {
  const { vends: times, atOnce, mostTries, maxWait } = options;
  const connection = `one-${atOnce}`;
  const names = [{ client, connection }];
  await connectAll(stack, connections, { names, expiresAt: nowSeconds() - 1 });
  const behaviour = { latency_ms: 0, replaces: 'when_answering', expires_in: 3600 } as const;
  await stack.provider.behave(client, { ...behaviour, holds: true });
  const invocationsBefore = stack.lambda.invocations(refreshPool);

  const asked = vendMany(vending, {
    event: { client, connection, max_wait_seconds: maxWait },
    ...{ times, at_once: atOnce, most_tries: mostTries },
    apart_ms: 1000 / (enterPerProcessorSecond * availableParallelism()),
  });
  await letIn(stack, vending, options);
  await stack.provider.behave(client, behaviour);
  await stack.provider.release(client);
  const vends = await asked;

  const calls = (await stack.provider.calls(client)).filter(({ family }) => family === connection);
  const [state] = await stack.provider.states([connection]);
  const answers = countEach(
    vends.map(({ answer }) => (answer === state?.access_token ? 'the_new_token' : answer)),
  );
  return {
    in_handlers_at_once: atOnce,
    in_handlers_when_the_provider_answered: countAround(vends, calls[0]?.answered_at_ms ?? 0),
    provider_calls: calls.length,
    refresh_invocations: stack.lambda.invocations(refreshPool) - invocationsBefore,
    answers,
    failures: times - (answers.the_new_token ?? 0),
    ...describeSpeed(vends),
  };
}

/** Waits until the handlers are as full as they shall be, or the provider cannot be kept longer. */
async function letIn(
  stack: Stack,
  vending: readonly Child[],
  { atOnce, holdSeconds, maxWait }: RoundOptions,
): Promise<void> {
  let heldSinceMs: number | undefined;
  const isOver = (sinceMs: number) => performance.now() - sinceMs > holdSeconds * 1000;
  const beganMs = performance.now();
  while (!isOver(heldSinceMs ?? beganMs + maxWait * 1000)) {
    const isHeld = (await stack.provider.held(client)) > 0;
    if (isHeld) heldSinceMs ??= performance.now();
    if (isHeld && (await countInside(vending)) >= atOnce) return;
    await pass(0.1);
  }
}

function countAround(vends: readonly ManyVend[], atMs: number): number {
  return vends.filter(({ enteredAtMs, endedAtMs }) => enteredAtMs < atMs && endedAtMs > atMs)
    .length;
}

function describeSpeed(vends: readonly ManyVend[]) {
  const fromAskedMs = vends.map((each) => each.fromAskedMs);
  return {
    asked_again: vends.filter(({ tries }) => tries > 1).length,
    seconds: round(greatest(fromAskedMs) / 1000),
    from_asked_ms: describeValues(fromAskedMs),
    in_handler_ms: describeValues(vends.map(({ inHandlerMs }) => inHandlerMs)),
  };
}
