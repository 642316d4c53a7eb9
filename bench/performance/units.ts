import { type ConnectionName, connectAll, readFence, vend } from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { askJson } from '../stack/json-call.ts';
import { type MeteredStore, startMeteredStore, type Tally } from '../stack/metered-store.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { nowSeconds } from '../stack/waiting.ts';
import type { Figure } from './figure.ts';
import { type Measure, type Measuring, repeat } from './measure.ts';

const client = 'counted';

/** Random bytes in a refresh token. The larger is 2 KB of text, and 3 KB sealed. */
const credentials = { small_credential: 24, credential_of_2_kb: 1536 } as const;

/** What a refresh and a vend read and write in DynamoDB. */
export const units: Measure = async function* (measuring) {
  const { build, tell } = measuring;
  const stack = await startStack(build, { clients: [client] });
  const store = await startMeteredStore((await stack.openStore()).url);
  try {
    const [connections] = await stack.start({ key: 'connections', count: 1 });
    const at = { storeUrl: store.url };
    const [refreshing] = await stack.start({ ...at, key: 'refresh', count: 1 });
    const [vending] = await stack.start({ ...at, key: 'vend', count: 1 });
    if (!connections || !refreshing || !vending) throw new Error('nothing started');
    const bench = { stack, store, connections, refreshing, vending };
    for (const [kind, tokenBytes] of Object.entries(credentials)) {
      tell(`refreshes with a ${kind.replaceAll('_', ' ')}`);
      yield await countRefreshes(bench, measuring, { kind, tokenBytes });
    }
    tell('vends');
    yield await countVends(bench, measuring);
  } finally {
    await store.close();
    await stack.close();
  }
};

interface Bench {
  readonly stack: Stack;
  readonly store: MeteredStore;
  readonly connections: Child;
  readonly refreshing: Child;
  readonly vending: Child;
}

/** By direct invocation; one that comes from the queue does the same. */
async function countRefreshes(
  { stack, store, connections, refreshing }: Bench,
  { quick, runs }: Measuring,
  { kind, tokenBytes }: { readonly kind: string; readonly tokenBytes: number },
): Promise<readonly Figure[]> {
  const times = quick ? 2 : 20;
  const names = listNames(kind, (runs + 1) * times);
  const expiresAt = nowSeconds() - 1;
  await connectAll(stack, [connections], { names, expiresAt, tokenBytes });
  const tallies = await repeat(runs + 1, async (run) => {
    await store.takeTally();
    for (const name of names.slice(run * times, (run + 1) * times)) {
      const event = { ...name, seen_fence: await readFence(stack, name) };
      const { outcome } = await askJson<{ readonly outcome: string }>(
        `${refreshing.url}/invoke`,
        event,
      );
      if (outcome !== 'refreshed') throw new Error(`a refresh ended as ${outcome}`);
    }
    return store.takeTally();
  });
  // The first one also reads what a process remembers.
  return describeTallies(`units.refresh.${kind}`, tallies.slice(1), times);
}

async function countVends(
  { stack, store, connections, vending }: Bench,
  { quick, runs }: Measuring,
): Promise<readonly Figure[]> {
  const times = quick ? 2 : 20;
  const names = listNames('vended', (runs + 1) * times);
  await connectAll(stack, [connections], { names, expiresAt: nowSeconds() + 36_000 });
  const ask = async (run: number): Promise<Tally> => {
    await store.takeTally();
    for (const name of names.slice(run * times, (run + 1) * times)) {
      const { outcome } = await vend(vending, name, 1, 60);
      if (outcome !== 'token') throw new Error(`a vend ended as ${outcome}`);
    }
    return store.takeTally();
  };
  const uncached = await repeat(runs, ask);
  const cached = await repeat(runs, ask);
  return [
    ...describeTallies('units.vend.uncached', uncached, times),
    ...describeTallies('units.vend.cached', cached, times),
  ];
}

function listNames(kind: string, count: number): readonly ConnectionName[] {
  return Array.from({ length: count }, (_, index) => ({ client, connection: `${kind}-${index}` }));
}

/** For one of so many. */
function describeTallies(
  name: string,
  tallies: readonly Tally[],
  times: number,
): readonly Figure[] {
  const requests = tallies.map((tally) => Object.entries(tally));
  const sum = (isCounted: (operation: string) => boolean) =>
    requests.map((entries) => {
      const counted = entries.filter(([operation]) => isCounted(operation));
      return counted.reduce((all, [, each]) => all + each.units + each.index_units, 0) / times;
    });
  const isRead = (operation: string) => /^(Get|BatchGet|Query)/.test(operation);
  const [first = {}] = tallies;
  const each = Object.entries(first).map(([operation, consumed]) => [
    operation.replace('evergrant-local-', ''),
    {
      requests: consumed.requests / times,
      units: consumed.units / times,
      index_units: consumed.index_units / times,
    },
  ]);
  const parameters = { of_one: Object.fromEntries(each) };
  return [
    {
      figure: `${name}.write`,
      unit: 'units',
      runs: sum((operation) => !isRead(operation)),
      parameters,
    },
    { figure: `${name}.read`, unit: 'units', runs: sum(isRead), parameters },
  ];
}
