/** One step of a walk, as it went. */
export interface StepResult {
  readonly provider: string;
  readonly grant: string;
  readonly step: string;
  readonly outcome: 'ok' | 'failed';
  /** What was seen: a status, a reason. Never a token. */
  readonly detail: string;
  readonly ms: number;
}

/** Runs steps one after the other and keeps a record of each; the first failure ends the walk. */
export interface Recorder {
  /** @param run - resolves with a value and what to show of it, or throws what went wrong. */
  readonly step: <Value>(
    name: string,
    run: () => Promise<{ readonly value: Value; readonly detail: string }>,
  ) => Promise<Value>;
}

/** What was not as it should be. Its message is shown, so it holds no token. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

/** @throws {StepFailure} unless `condition` holds. */
export function expectThat(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new StepFailure(complaint);
}

export function recorder(
  walk: { readonly provider: string; readonly grant: string },
  results: StepResult[],
): Recorder {
  return {
    step: async (step, run) => {
      const beganMs = performance.now();
      const record = (outcome: StepResult['outcome'], detail: string) => {
        const ms = Math.round(performance.now() - beganMs);
        results.push({ ...walk, step, outcome, detail, ms });
      };
      try {
        const { value, detail } = await run();
        record('ok', detail);
        return value;
      } catch (error) {
        record('failed', error instanceof Error ? error.message : 'an unknown error');
        throw error;
      }
    },
  };
}

/** The results as a table for a terminal. */
export function formatResults(results: readonly StepResult[]): string {
  const rows = [
    ['provider', 'grant', 'step', 'result', 'time'],
    ...results.map(({ provider, grant, step, outcome, detail, ms }) => [
      provider,
      grant,
      step,
      outcome === 'ok' ? detail : `FAILED: ${detail}`,
      `${ms} ms`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}
