import { createHash } from 'node:crypto';
import type { Random } from './random.ts';

/** Virtual time: what happens next, and what has happened. */
export interface Timeline {
  /** Milliseconds of true time since the history began. */
  readonly elapsedMs: () => number;
  /** Lets something happen `delayMs` from now. */
  readonly plan: (delayMs: number, happen: () => void) => void;
  /** Lets everything happen that is planned until then. */
  readonly runUntil: (endMs: number) => Promise<void>;
  /** Adds a line to the trace. It must not hold a credential. */
  readonly trace: (line: string) => void;
  /** What has happened so far, one line each; empty unless it is kept. */
  readonly lines: readonly string[];
  /** Of the whole trace: equal for equal histories. */
  readonly digest: () => string;
  readonly events: () => number;
}

interface Planned {
  readonly atMs: number;
  /** Decides between what happens at the same moment: by chance, so every order is tried. */
  readonly tie: number;
  readonly happen: () => void;
}

/**
 * A timeline on which one thing happens at a time. After each, whatever it set going runs until it
 * waits for something that is planned: every `await` of the code under test is a point at which
 * somebody else may come first.
 */
export function timeline(random: Random, { keepLines }: { keepLines: boolean }): Timeline {
  const planned: Planned[] = [];
  const lines: string[] = [];
  const hash = createHash('sha256');
  let nowMs = 0;
  let events = 0;
  const step = async ({ atMs, happen }: Planned) => {
    nowMs = Math.max(nowMs, atMs);
    events += 1;
    happen();
    await allMicrotasks();
  };
  return {
    lines,
    elapsedMs: () => nowMs,
    events: () => events,
    plan: (delayMs, happen) => {
      push(planned, { atMs: nowMs + Math.max(0, delayMs), tie: random.next(), happen });
    },
    runUntil: async (endMs) => {
      // What was begun from outside the timeline runs to its first wait before time passes.
      await allMicrotasks();
      for (let next = planned[0]; next && next.atMs <= endMs; next = planned[0]) {
        pop(planned);
        await step(next);
      }
      nowMs = Math.max(nowMs, endMs);
    },
    trace: (line) => {
      const entry = `${(nowMs / 1000).toFixed(3)} ${line}`;
      hash.update(entry).update('\n');
      if (keepLines) lines.push(entry);
    },
    digest: () => hash.copy().digest('hex'),
  };
}

/** Once this macrotask runs, no promise of the code under test is left to be settled. */
function allMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isEarlier(one: Planned, other: Planned): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.tie < other.tie);
}

/** A binary heap, earliest first. */
function push(heap: Planned[], entry: Planned): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (!parent || !isEarlier(entry, parent)) break;
    heap[index] = parent;
    heap[above] = entry;
    index = above;
  }
}

function pop(heap: Planned[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  heap[0] = last;
  for (;;) {
    const left = 2 * index + 1;
    const leftChild = heap[left];
    if (!leftChild) return;
    const rightChild = heap[left + 1];
    const isRight = rightChild !== undefined && isEarlier(rightChild, leftChild);
    const child = isRight ? rightChild : leftChild;
    if (!isEarlier(child, last)) return;
    heap[index] = child;
    index = isRight ? left + 1 : left;
    heap[index] = last;
  }
}
