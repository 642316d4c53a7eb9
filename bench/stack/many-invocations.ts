import type { Child } from './child.ts';
import { askJson } from './json-call.ts';

/** Has one process invoke its function many times with one event. */
export interface ManyInvocations {
  readonly event: unknown;
  readonly times: number;
  /** How many are in the handler at once; the others wait before it. */
  readonly at_once: number;
  /** Between two of the first ones that enter. */
  readonly apart_ms: number;
  /** How often one asks, if it is told to come back. */
  readonly most_tries: number;
}

/** What came of them, one entry each. Instants are milliseconds since 1970. */
export interface ManyAnswers {
  /** The vended token, or the failure's code. */
  readonly answers: readonly string[];
  readonly tries: readonly number[];
  readonly asked_at_ms: number;
  readonly entered_at_ms: readonly number[];
  readonly ended_at_ms: readonly number[];
}

/** One of many vends. */
export interface ManyVend {
  readonly answer: string;
  readonly tries: number;
  /** From being asked, in the line before the handler and in it. */
  readonly fromAskedMs: number;
  readonly inHandlerMs: number;
  readonly enteredAtMs: number;
  readonly endedAtMs: number;
}

/** Spreads invocations evenly over processes. */
export async function vendMany(
  vending: readonly Child[],
  { times, at_once, apart_ms, ...rest }: ManyInvocations,
): Promise<readonly ManyVend[]> {
  const parts = await Promise.all(
    vending.map(({ url }) =>
      askJson<ManyAnswers>(`${url}/invoke-many`, {
        ...rest,
        times: times / vending.length,
        at_once: at_once / vending.length,
        apart_ms: apart_ms * vending.length,
      }),
    ),
  );
  return parts.flatMap((part) =>
    part.answers.map((answer, index) => {
      const enteredAtMs = part.entered_at_ms[index] ?? 0;
      const endedAtMs = part.ended_at_ms[index] ?? 0;
      return {
        ...{ answer, tries: part.tries[index] ?? 0, enteredAtMs, endedAtMs },
        fromAskedMs: endedAtMs - part.asked_at_ms,
        inHandlerMs: endedAtMs - enteredAtMs,
      };
    }),
  );
}

/** How many are in the handlers of these processes now. */
export async function countInside(vending: readonly Child[]): Promise<number> {
  const counts = await Promise.all(vending.map(({ url }) => askJson<number>(`${url}/inside`)));
  return counts.reduce((sum, count) => sum + count, 0);
}
