import * as v from 'valibot';
import type { PlaygroundStack } from './broker-api.ts';
import { type Html, html } from './html.ts';

const busEvent = v.object({
  id: v.string(),
  'detail-type': v.string(),
  detail: v.looseObject({
    sequence: v.number(),
    occurred_at: v.number(),
    client: v.string(),
    connection: v.optional(v.string()),
  }),
});

type BusEvent = v.InferOutput<typeof busEvent>;

/** What the list shows: the latest events, newest first, or why they cannot be had. */
export interface EventsView {
  readonly events: readonly unknown[];
  readonly eventsProblem?: string;
}

const shownEvents = 20;

/** Asks the stand-in for EventBridge for the latest events. */
export async function readEvents({ event_bridge }: PlaygroundStack): Promise<EventsView> {
  try {
    const response = await fetch(`${event_bridge}/events`);
    const { events } = v.parse(v.object({ events: v.array(v.unknown()) }), await response.json());
    return { events };
  } catch {
    return { events: [], eventsProblem: 'The events cannot be had. Is the local stack running?' };
  }
}

/** The events as a list; each opens to show its whole JSON. */
export function eventsList({ events, eventsProblem }: EventsView): Html {
  if (eventsProblem !== undefined) return html`<p class="note bad">${eventsProblem}</p>`;
  const read = events.flatMap((event) => {
    const parsed = v.safeParse(busEvent, event);
    return parsed.success ? [{ event: parsed.output, whole: event }] : [];
  });
  if (read.length === 0) {
    return html`<p class="empty">Nothing has happened yet. What happens to connections appears here.</p>`;
  }
  return html`<ul class="events">${read.slice(0, shownEvents).map(entry)}</ul>`;
}

function entry({ event, whole }: { readonly event: BusEvent; readonly whole: unknown }): Html {
  const { id, 'detail-type': type, detail } = event;
  const { client, connection, sequence, occurred_at: at } = detail;
  const subject = connection === undefined ? client : `${client}/${connection}`;
  return html`<li><details data-event="${id}"><summary><code>${type}</code> <span>${subject}</span> <time data-at="${at}">${at}</time></summary>
<p class="soft">Sequence ${sequence}</p><pre>${JSON.stringify(whole, undefined, 2)}</pre></details></li>`;
}
