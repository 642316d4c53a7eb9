import * as v from 'valibot';
import { type Ending, json, page, type Reply } from './simulated-http.ts';

const order = v.strictObject({
  /** For how many token requests. */
  count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)), 1),
  /** Answer with this status. */
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(300), v.maxValue(599))),
  retry_after_seconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** Answer with a web page, as a firewall does. */
  html: v.optional(v.literal(true)),
  /** Never answer. */
  hang: v.optional(v.literal(true)),
  /** End the connection without an answer. */
  drop: v.optional(v.literal(true)),
  /** Carry the request out first, so that only its answer is lost. */
  after_processing: v.optional(v.boolean(), false),
});

type Order = v.InferOutput<typeof order>;

/** Spoils the next token requests as ordered. */
export interface TroubleMaker {
  /** Takes an order, replacing the last one; answers what is wrong with it. */
  order(input: unknown): readonly string[];
  /** Lets a token request pass, or spoils it. */
  meet(answer: () => Reply): Ending;
  reset(): void;
}

export function createTroubleMaker(): TroubleMaker {
  let current: Order | undefined;
  let left = 0;
  return {
    order: (input) => {
      const parsed = v.safeParse(order, input);
      if (!parsed.success) return parsed.issues.map((issue) => issue.message);
      const { status, html, hang, drop, count } = parsed.output;
      if (status === undefined && !html && !hang && !drop) {
        return ['one of status, html, hang or drop is required'];
      }
      current = parsed.output;
      left = count;
      return [];
    },
    meet: (answer) => {
      if (!current || left === 0) return answer();
      left -= 1;
      if (current.after_processing) answer();
      return spoiled(current);
    },
    reset: () => {
      current = undefined;
      left = 0;
    },
  };
}

function spoiled({ hang, drop, html, status, retry_after_seconds }: Order): Ending {
  if (hang) return 'hang';
  if (drop) return 'drop';
  const reply = html
    ? page(status ?? 200, '<!doctype html><title>Just a moment</title><p>Just a moment.', 'html')
    : json(status ?? 503, { message: 'Service Unavailable' }, 'failed_on_request');
  if (retry_after_seconds === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(retry_after_seconds) } };
}
