import type { Timeline } from './timeline.ts';
import type { Weather } from './weather.ts';

/** How a delivery ended: done, failed, or its worker died and nobody says anything. */
export type Delivery = 'done' | 'failed' | 'silent';

export interface QueueSettings<Body> {
  readonly delayMs: number;
  /** After how long a message that was not acknowledged is delivered again. */
  readonly visibilityMs: number;
  readonly receivesAtMost: number;
  /** Messages of one group are delivered one after the other; undefined: each is its own. */
  readonly groupOf?: (body: Body) => string;
  /** For five minutes, a message of the same id is taken and dropped. */
  readonly deduplicationIdOf?: (body: Body) => string;
  /** Must call `end` once, or never. */
  readonly consume: (body: Body, end: (ending: Delivery) => void) => void;
}

export interface QueueModel<Body> {
  readonly put: (body: Body) => void;
  /** Everything that was ever sent. */
  readonly sent: readonly Body[];
  /** What was received too often. */
  readonly dead: readonly Body[];
  readonly isEmpty: () => boolean;
}

interface Message<Body> {
  readonly body: Body;
  visibleAtMs: number;
  receives: number;
  inFlight: boolean;
}

const deduplicationMs = 5 * 60_000;

/** SQS: at least once; in order within a group of a FIFO queue, in any order otherwise. */
export function queueModel<Body>(
  { timeline, weather }: { readonly timeline: Timeline; readonly weather: Weather },
  settings: QueueSettings<Body>,
): QueueModel<Body> {
  const groups = new Map<string, Message<Body>[]>();
  const recentIds = new Map<string, number>();
  const sent: Body[] = [];
  const dead: Body[] = [];

  const pump = (group: string) => {
    const [head] = groups.get(group) ?? [];
    if (!head || head.inFlight || head.visibleAtMs > timeline.elapsedMs()) return;
    head.receives += 1;
    if (head.receives > settings.receivesAtMost) {
      dead.push(head.body);
      remove(group);
      return;
    }
    head.inFlight = true;
    head.visibleAtMs = timeline.elapsedMs() + settings.visibilityMs;
    wakeLater(group, settings.visibilityMs, head);
    const { receives } = head;
    settings.consume(head.body, (ending) => {
      const isForgotten = weather.isDuplicated() || ending !== 'done';
      // Visible again by now, and perhaps in other hands: then nothing is acknowledged.
      if (isForgotten || head.receives !== receives || !head.inFlight) return;
      remove(group);
    });
  };
  const remove = (group: string) => {
    groups.get(group)?.shift();
    pump(group);
  };
  const wakeLater = (group: string, delayMs: number, message: Message<Body>) => {
    timeline.plan(delayMs, () => {
      if (message.visibleAtMs > timeline.elapsedMs()) return;
      message.inFlight = false;
      pump(group);
    });
  };

  return {
    sent,
    dead,
    isEmpty: () => [...groups.values()].every((messages) => messages.length === 0),
    put: (body) => {
      const id = settings.deduplicationIdOf?.(body);
      const now = timeline.elapsedMs();
      if (id !== undefined) {
        const known = recentIds.get(id);
        if (known !== undefined && now - known < deduplicationMs) return;
        recentIds.set(id, now);
      }
      const group = settings.groupOf?.(body) ?? `#${sent.length}`;
      const { delayMs } = settings;
      const message = { body, visibleAtMs: now + delayMs, receives: 0, inFlight: false };
      sent.push(body);
      groups.set(group, [...(groups.get(group) ?? []), message]);
      wakeLater(group, delayMs, message);
    },
  };
}
