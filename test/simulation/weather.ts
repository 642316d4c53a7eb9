import type { Random } from './random.ts';
import type { Conditions } from './world.ts';

/** When an invocation may be killed: its request is not sent; or it is, and nobody hears the answer. */
export type Moment = 'before_sending' | 'before_hearing';

/** What may go wrong with one call of our own services. */
export type ServiceFault =
  /** Refused at once, not carried out. */
  | 'throttled'
  /** Not carried out; the caller waits in vain. */
  | 'not_reached'
  /** Carried out; the caller waits in vain. */
  | 'answer_unheard'
  /** Carried out, unheard, and repeated by the SDK: the second answer is heard. */
  | 'repeated'
  /** Carried out only after the caller has given up. */
  | 'straggling';

/** How a provider treats one request. */
export type Conduct =
  | { readonly kind: 'prompt' }
  /** Takes this long; carried out when it comes in, or at the end. */
  | { readonly kind: 'slow'; readonly latencyMs: number; readonly carriedOut: 'first' | 'last' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'answer_cut_off' }
  | { readonly kind: 'error_500'; readonly carriedOut: boolean }
  | { readonly kind: 'html'; readonly carriedOut: boolean }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'client_refused' };

/** Everything that may go wrong, decided call by call. */
export interface Weather {
  readonly latencyMs: () => number;
  /** For how long an invocation stands still before this call: never between preflight and call. */
  readonly stallMs: (label: string) => number;
  readonly kills: (invocation: string, label: string, moment: Moment) => boolean;
  /** @param label - `port.method`. */
  readonly serviceFault: (label: string) => ServiceFault | undefined;
  readonly conduct: (client: string) => Conduct;
  /** Whether an eventually consistent read, or the due index, shows what was there before. */
  readonly isStale: () => boolean;
  /** Whether a queue delivers a message once more although it was acknowledged. */
  readonly isDuplicated: () => boolean;
}

/** Nothing goes wrong. */
export function calm(random: Random): Weather {
  return {
    latencyMs: () => random.between(1, 20),
    stallMs: () => 0,
    kills: () => false,
    serviceFault: () => undefined,
    conduct: () => ({ kind: 'prompt' }),
    isStale: () => false,
    isDuplicated: () => false,
  };
}

/** How likely what is. */
export interface Climate {
  readonly kill: number;
  readonly service: number;
  readonly stall: number;
  readonly provider: number;
  readonly stale: number;
  readonly duplicate: number;
}

/** Before these a worker may outlive its lease: the provider has been called. */
const writesAfterCall: ReadonlySet<string> = new Set([
  'connections.commit',
  'connections.commitLate',
  'connections.fail',
  'connections.markDead',
  'tokens.publish',
  'tokens.note',
  'recovery.send',
]);

const serviceFaults = [
  'throttled',
  'not_reached',
  'answer_unheard',
  'repeated',
  'straggling',
] as const satisfies readonly ServiceFault[];

/** @param around.count - is told of every fault by its kind. */
export function stormy(
  random: Random,
  climate: Climate,
  {
    count,
    conditions,
  }: { readonly count: (kind: string) => void; readonly conditions: Conditions },
): Weather {
  const happens = (probability: number, kind: string) => {
    const yes = random.chance(probability);
    if (yes) count(kind);
    return yes;
  };
  return {
    latencyMs: () => (random.chance(0.05) ? random.between(200, 900) : random.between(1, 20)),
    stallMs: (label) =>
      writesAfterCall.has(label) && happens(climate.stall, 'stall')
        ? random.pick([random.between(1_000, 12_000), random.between(66_000, 82_000)])
        : 0,
    kills: (_invocation, _label, moment) => happens(climate.kill, `killed_${moment}`),
    serviceFault: (label) => {
      if (conditions.down !== undefined && label.startsWith(`${conditions.down}.`)) {
        return random.pick(['throttled', 'not_reached']);
      }
      if (!random.chance(climate.service)) return undefined;
      const fault = random.pick(serviceFaults);
      count(`service_${fault}`);
      return fault;
    },
    conduct: () => {
      if (!random.chance(climate.provider)) return { kind: 'prompt' };
      const conduct = misconduct(random);
      count(`provider_${conduct.kind}`);
      return conduct;
    },
    isStale: () => happens(climate.stale, 'stale_read'),
    isDuplicated: () => happens(climate.duplicate, 'duplicate_delivery'),
  };
}

function misconduct(random: Random): Conduct {
  const carriedOut = random.chance(0.5);
  return random.pick<Conduct>([
    {
      kind: 'slow',
      latencyMs: random.pick([3_000, 12_000, 40_000, 44_900, 45_100, 70_000]),
      carriedOut: random.pick(['first', 'last']),
    },
    { kind: 'unreachable' },
    { kind: 'answer_cut_off' },
    { kind: 'error_500', carriedOut },
    { kind: 'html', carriedOut },
    { kind: 'rate_limited', retryAfterSeconds: random.between(1, 300) },
  ]);
}
