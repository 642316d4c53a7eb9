import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '../../lib/time.ts';
import { formatDuration } from './instant.ts';

/** Shows how far long work has come: a bar on a terminal, a line now and then otherwise. */
export interface Progress {
  begin(total: number): void;
  /** One more item is done. */
  advance(): void;
  end(): void;
}

/** Between two lines where there is no terminal. */
const lineEveryMs = 5000;

/** @param what - the items, in the plural. */
export function createProgress(
  notes: Writable & { readonly isTTY?: boolean },
  clock: Pick<Clock, 'monotonicMs'>,
  what: string,
): Progress {
  return notes.isTTY ? progressBar(notes, clock, what) : progressLines(notes, clock, what);
}

function progressBar(stream: Writable, clock: Pick<Clock, 'monotonicMs'>, what: string): Progress {
  const pace = measurePace(clock);
  const bar = new SingleBar(
    {
      stream: stream as NodeJS.WritableStream,
      format: `{bar} {percentage} % | {value}/{total} ${what} | {rate}/s | {left} left`,
      hideCursor: true,
      // Ctrl-C is ours: the item at hand ends first.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const shown = () => ({ rate: formatRate(pace.rate()), left: pace.left() });
  return {
    begin: (total) => {
      pace.begin(total);
      bar.start(total, 0, { rate: '-', left: '-' });
    },
    advance: () => {
      pace.advance();
      bar.increment(1, shown());
    },
    end: () => {
      bar.update(pace.done(), shown());
      bar.stop();
    },
  };
}

function progressLines(
  stream: Writable,
  clock: Pick<Clock, 'monotonicMs'>,
  what: string,
): Progress {
  const pace = measurePace(clock);
  let saidAtMs = 0;
  const say = () => {
    saidAtMs = clock.monotonicMs();
    const rate = `${formatRate(pace.rate())}/s`;
    stream.write(`${pace.done()}/${pace.total()} ${what}, ${rate}, ${pace.left()} left\n`);
  };
  return {
    begin: (total) => {
      pace.begin(total);
      saidAtMs = clock.monotonicMs();
    },
    advance: () => {
      pace.advance();
      if (clock.monotonicMs() - saidAtMs >= lineEveryMs) say();
    },
    end: say,
  };
}

/** How many are done, how fast, and how long the rest takes at that. */
function measurePace(clock: Pick<Clock, 'monotonicMs'>) {
  let beganAtMs = 0;
  let total = 0;
  let done = 0;
  const rate = () => {
    const elapsedMs = clock.monotonicMs() - beganAtMs;
    return elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  };
  return {
    begin: (count: number) => {
      beganAtMs = clock.monotonicMs();
      total = count;
    },
    advance: () => {
      done += 1;
    },
    done: () => done,
    total: () => total,
    rate,
    left: () => (rate() > 0 ? formatDuration((total - done) / rate()) : '-'),
  };
}

const formatRate = (rate: number) => (rate < 10 ? rate.toFixed(1) : String(Math.round(rate)));
