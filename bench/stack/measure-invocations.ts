import { describeValues } from './statistics.ts';

/** Has a process invoke its function so many times, one after the other. */
export interface Measurement {
  /** Taken in turn. */
  readonly events: readonly unknown[];
  readonly times: number;
}

/** What an invocation took. */
export interface Invocations {
  readonly latency_p50_us: number;
  readonly latency_p99_us: number;
  /** Processor time of the process per invocation, whatever it waited for. */
  readonly cpu_us: number;
  readonly per_second: number;
  /** How many of the answers were failures. */
  readonly failed: number;
}

/** What a process has used since it began. */
export interface Usage {
  readonly cpu_ms: number;
  readonly rss_bytes: number;
  readonly heap_bytes: number;
}

type Invoke = (event: unknown) => Promise<unknown>;

export async function measureInvocations(
  invoke: Invoke,
  { events, times }: Measurement,
): Promise<Invocations> {
  const latencies: number[] = [];
  let failed = 0;
  const cpu = process.cpuUsage();
  const beganMs = performance.now();
  for (let turn = 0; turn < times; turn += 1) {
    const sentMs = performance.now();
    const answer = await invoke(events[turn % events.length]).catch(() => undefined);
    latencies.push((performance.now() - sentMs) * 1000);
    if (isFailure(answer)) failed += 1;
  }
  const elapsedMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(cpu);
  const { p50 = 0, p99 = 0 } = describeValues(latencies) ?? {};
  return {
    latency_p50_us: p50,
    latency_p99_us: p99,
    cpu_us: (user + system) / times,
    per_second: (times / elapsedMs) * 1000,
    failed,
  };
}

/** Bytes of the heap that an invocation takes: collections in between only make it fewer. */
export async function measureAllocation(
  invoke: Invoke,
  { events, times }: Measurement,
): Promise<number> {
  const grown: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const before = process.memoryUsage().heapUsed;
    await invoke(events[turn % events.length]).catch(() => undefined);
    grown.push(process.memoryUsage().heapUsed - before);
  }
  // The middle one: a collection makes one of them negative, a new page of code makes one huge.
  return describeValues(grown)?.p50 ?? 0;
}

function isFailure(answer: unknown): boolean {
  const { error, statusCode = 200 } = (answer ?? { error: true }) as {
    readonly error?: unknown;
    readonly statusCode?: number;
  };
  return error !== undefined || statusCode >= 400;
}
