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

interface Around {
  readonly timeline: Timeline;
  readonly weather: Weather;
}

const deduplicationMs = 5 * 60_000;

/** SQS: at least once; in order within a group of a FIFO queue, in any order otherwise. */
export function queueModel<Body>(around: Around, settings: QueueSettings<Body>): QueueModel<Body> {
  const dead: Body[] = [];
  const { groups, wakeLater } = deliveries(around, settings, dead);
  const isRepeated = deduplication(around.timeline, settings.deduplicationIdOf);
  const sent: Body[] = [];
  return {
    sent,
    dead,
    isEmpty: () => [...groups.values()].every((messages) => messages.length === 0),
    put: (body) => {
      if (isRepeated(body)) return;
      const group = settings.groupOf?.(body) ?? `#${sent.length}`;
      const { delayMs } = settings;
      const visibleAtMs = around.timeline.elapsedMs() + delayMs;
      sent.push(body);
      const message = { body, visibleAtMs, receives: 0, inFlight: false };
      groups.set(group, [...(groups.get(group) ?? []), message]);
      wakeLater(group, delayMs, message);
    },
  };
}

/** Whether a message of the same id was taken a moment ago. */
function deduplication<Body>(
  { elapsedMs }: Timeline,
  idOf: QueueSettings<Body>['deduplicationIdOf'],
): (body: Body) => boolean {
  const recent = new Map<string, number>();
  return (body) => {
    const id = idOf?.(body);
    if (id === undefined) return false;
    const known = recent.get(id);
    if (known !== undefined && elapsedMs() - known < deduplicationMs) return true;
    recent.set(id, elapsedMs());
    return false;
  };
}

/** Delivers the first message of each group that is visible and in nobody's hands. */
function deliveries<Body>(
  { timeline, weather }: Around,
  settings: QueueSettings<Body>,
  dead: Body[],
) {
  const groups = new Map<string, Message<Body>[]>();
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

  return { groups, wakeLater };
}
