import type { History } from './history.ts';

/** What many histories came to. */
export interface Tally {
  histories: number;
  refreshes: number;
  readonly faults: Map<string, number>;
  unavoidableLosses: number;
  avoidableLosses: number;
  falseReauthorizations: number;
  violations: number;
  events: number;
}

export function emptyTally(): Tally {
  return {
    histories: 0,
    refreshes: 0,
    faults: new Map(),
    unavoidableLosses: 0,
    avoidableLosses: 0,
    falseReauthorizations: 0,
    violations: 0,
    events: 0,
  };
}

export function addHistory(tally: Tally, history: History): void {
  const having = (verdict: string) => history.verdicts.filter((one) => one === verdict).length;
  tally.histories += 1;
  tally.refreshes += history.refreshes;
  tally.unavoidableLosses += having('unavoidable_loss');
  tally.avoidableLosses += having('avoidable_loss');
  tally.falseReauthorizations += history.falseReauthorizations;
  tally.violations += history.violations.length;
  tally.events += history.events;
  for (const [kind, count] of history.faults) {
    if (kind !== 'refreshes') tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + count);
  }
}

/** The figures in the words of the report. */
export function printableTally(
  tally: Tally,
  run: { readonly seeds: number; readonly elapsedSeconds: number },
) {
  return {
    seeds: run.seeds,
    histories: tally.histories,
    refreshes: tally.refreshes,
    faults: Object.fromEntries([...tally.faults].toSorted()),
    unavoidable_losses: tally.unavoidableLosses,
    avoidable_losses: tally.avoidableLosses,
    false_reauthorizations: tally.falseReauthorizations,
    violations: tally.violations,
    refreshes_per_second: Math.round(tally.refreshes / run.elapsedSeconds),
  };
}
