/** A place among those that may run at once. */
export interface Place {
  /** Resolves to true when the place is free, or to false when it was left before. */
  readonly ready: Promise<boolean>;
  /** Gives the place back, or leaves the queue for it. Harmless when called again. */
  readonly leave: () => void;
}

/** Limits how many of one name run at once; each name is counted alone, and served in order. */
export interface ConcurrencyLimit {
  readonly enter: (name: string) => Place;
}

interface Waiting {
  readonly admit: (admitted: boolean) => void;
}

interface Lane {
  readonly running: number;
  readonly waiting: readonly Waiting[];
}

/** @param most - how many of each name may run at once. */
export function concurrencyLimit(most: number): ConcurrencyLimit {
  const lanes = new Map<string, Lane>();

  const laneOf = (name: string): Lane => lanes.get(name) ?? { running: 0, waiting: [] };

  const passOn = (name: string): void => {
    const { running, waiting } = laneOf(name);
    const [next, ...others] = waiting;
    lanes.set(name, { running: next ? running : running - 1, waiting: others });
    next?.admit(true);
  };

  const giveUp = (name: string, leaving: Waiting): void => {
    const { running, waiting } = laneOf(name);
    lanes.set(name, { running, waiting: waiting.filter((other) => other !== leaving) });
    leaving.admit(false);
  };

  return {
    enter: (name) => {
      const { promise: ready, resolve: admit } = Promise.withResolvers<boolean>();
      const entering: Waiting = { admit };
      const { running, waiting } = laneOf(name);
      if (running < most) {
        lanes.set(name, { running: running + 1, waiting });
        admit(true);
      } else {
        lanes.set(name, { running, waiting: [...waiting, entering] });
      }
      let left = false;
      return {
        ready,
        leave: () => {
          if (left) return;
          left = true;
          if (laneOf(name).waiting.includes(entering)) giveUp(name, entering);
          else passOn(name);
        },
      };
    },
  };
}
