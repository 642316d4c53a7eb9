import type { Child } from '../stack/child.ts';
import { askJson } from '../stack/json-call.ts';
import type { Invocations, Measurement } from '../stack/measure-invocations.ts';
import type { Figure } from './figure.ts';
import { repeat } from './measure.ts';

/** A function in a process, and what it is asked. */
export interface Invoked {
  readonly name: string;
  readonly worker: Child | undefined;
  readonly measurement: Measurement;
  /** The name of what it is measured beside. */
  readonly floor?: string;
}

/** How many invocations it takes to know what memory one takes. */
const mostAllocations = 1200;

/** @throws {Error} when an invocation has failed: then it took no time that anybody wants to know. */
export async function measureOnce(
  worker: Child | undefined,
  measurement: Measurement,
): Promise<Invocations> {
  const measured = await askJson<Invocations>(`${worker?.url}/measure`, measurement);
  if (measured.failed > 0) throw new Error(`${measured.failed} invocations failed`);
  return measured;
}

/** Bytes of the heap that one invocation takes. */
export function measureAllocated(
  worker: Child | undefined,
  measurement: Measurement,
): Promise<number> {
  return askJson<number>(`${worker?.url}/allocation`, measurement);
}

/** Latency, processor time and memory of one invocation, in a process that is warm. */
export async function describeInvocations(
  { name, worker, measurement, floor }: Invoked,
  runs: number,
): Promise<readonly Figure[]> {
  await measureOnce(worker, measurement);
  const measured = await repeat(runs, () => measureOnce(worker, measurement));
  const few = { ...measurement, times: Math.min(measurement.times, mostAllocations) };
  const allocated = await repeat(runs, () => measureAllocated(worker, few));
  return [
    ...describeTimes({ name, measured, ...(floor !== undefined && { floor }) }),
    {
      figure: `${name}.allocation`,
      ...{ unit: 'bytes', runs: allocated, floors: floor ? [`${floor}.allocation`] : [] },
    },
  ];
}

/** Latency and processor time of one invocation. */
export function describeTimes({
  name,
  measured,
  floor,
  parameters,
}: {
  readonly name: string;
  readonly measured: readonly Invocations[];
  readonly floor?: string;
  readonly parameters?: object;
}): readonly Figure[] {
  const figure = (what: string, read: (each: Invocations) => number): Figure => ({
    figure: `${name}.${what}`,
    ...{ unit: 'us', runs: measured.map(read), floors: floor ? [`${floor}.${what}`] : [] },
    ...(parameters && { parameters }),
  });
  return [
    figure('latency_p50', (each) => each.latency_p50_us),
    figure('latency_p99', (each) => each.latency_p99_us),
    figure('cpu', (each) => each.cpu_us),
  ];
}
