import { type Seconds, seconds } from '../time.ts';

/** Finds out how far a run of the schedule is behind. */
export interface LagMeter {
  /**
   * Notes one connection that is due.
   *
   * @param isHeld - whether nothing is to be sent for its client now: that is no delay of ours.
   */
  readonly note: (overdueSeconds: Seconds, isHeld: boolean) => void;
  /** The longest that any of them has waited; zero where there was none. */
  readonly read: () => { readonly dueLagSeconds: Seconds; readonly heldLagSeconds: Seconds };
}

export function lagMeter(): LagMeter {
  let due = seconds(0);
  let held = seconds(0);
  return {
    note: (overdueSeconds, isHeld) => {
      if (isHeld && overdueSeconds > held) held = overdueSeconds;
      if (!isHeld && overdueSeconds > due) due = overdueSeconds;
    },
    read: () => ({ dueLagSeconds: due, heldLagSeconds: held }),
  };
}
