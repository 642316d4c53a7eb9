/**
 * Every metric of ours, in one closed list: its unit, and by what it is told apart.
 *
 * CloudWatch takes each combination of values for a metric of its own, and so does its bill. A
 * dimension is therefore a word of a fixed list or the name of a provider's definition, and never
 * what names a connection, a client or a caller.
 *
 * @module
 */

type DimensionName = 'provider' | 'outcome' | 'reason' | 'type' | 'fault_code' | 'ring';

interface MetricDefinition {
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds';
  /** The sets of dimensions that it is published under, beside `service`; an empty one: the total. */
  readonly by: readonly (readonly DimensionName[])[];
}

export const metrics = {
  /** From a vend's request to its answer. How often it is published says how many there were. */
  vend_duration: { unit: 'Milliseconds', by: [['outcome'], []] },
  /** Calls of providers that were made to refresh a connection. */
  refresh: { unit: 'Count', by: [['provider', 'outcome'], ['outcome']] },
  /** Attempts that found another worker at the same connection, and called nobody. */
  refresh_race_lost: { unit: 'Count', by: [['provider']] },
  /** Refused refreshes that were none: another attempt had been granted meanwhile. */
  refresh_race_recovered: { unit: 'Count', by: [['provider']] },
  /** Answers that were kept although their lease was over. */
  refresh_committed_late: { unit: 'Count', by: [['provider']] },
  /** Answers that went round a table by way of the recovery queue. */
  refresh_sent_to_recovery: { unit: 'Count', by: [['provider']] },
  /** Messages of the recovery queue, by what became of their answers. */
  recovery: { unit: 'Count', by: [['outcome']] },
  /** Answers that neither table nor recovery queue took. */
  answer_lost: { unit: 'Count', by: [['provider'], []] },
  reauthorization_required: { unit: 'Count', by: [['provider', 'reason'], []] },
  /** Deaths that were not believed, since too many of one client came at once. */
  reauthorization_held: { unit: 'Count', by: [['provider'], []] },
  client_refused: { unit: 'Count', by: [['provider'], []] },
  breaker_opened: { unit: 'Count', by: [['provider'], []] },
  /** Events that EventBridge has taken. */
  event_published: { unit: 'Count', by: [['type']] },
  /** What a run of the schedule sent to the refresh queue. Each run tells it, nothing included. */
  refresh_scheduled: { unit: 'Count', by: [[]] },
  /** How long the oldest refresh is overdue that may be done. Each run tells it, 0 included. */
  due_lag: { unit: 'Seconds', by: [[]] },
  /** The same of clients that are refused, or whose provider does not answer. */
  held_lag: { unit: 'Seconds', by: [[]] },
  /** Since when the current key of a ring is there. */
  key_age: { unit: 'Seconds', by: [['ring']] },
  /** Lines of the log with the level ERROR and a `code`. */
  fault: { unit: 'Count', by: [['fault_code']] },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;

/** Metrics of which each one is one thing that happened. */
export type CountedMetric = {
  [Name in MetricName]: (typeof metrics)[Name]['unit'] extends 'Count' ? Name : never;
}[MetricName];

/** A value for each dimension that a metric has. */
export type Dimensions<Name extends MetricName> = Readonly<
  Record<(typeof metrics)[Name]['by'][number][number], string>
>;
