import type { EventType } from '../../lib/broker/event.ts';
import type { KeyRingName } from '../../lib/broker/key-ports.ts';
import type { Recovery } from '../../lib/broker/recover-answer.ts';
import type { FaultCode, ReauthorizationReason } from '../../lib/fault.ts';
import { type MetricName, metrics } from '../../lib/metrics.ts';
import type { TokenOutcome } from '../../lib/oauth/token-endpoint.ts';

/** All words of a union, which the compiler holds complete. */
function wordsOf<Word extends string>(words: Readonly<Record<Word, true>>): readonly string[] {
  return Object.keys(words);
}

const refreshOutcomes = wordsOf<TokenOutcome['outcome']>({
  granted: true,
  grant_refused: true,
  client_refused: true,
  request_refused: true,
  unavailable: true,
  answer_invalid: true,
});
const recoveries = wordsOf<Recovery>({
  recovered: true,
  already_kept: true,
  superseded: true,
  deleted: true,
});
const reasons = wordsOf<ReauthorizationReason>({
  grant_dead: true,
  answer_lost: true,
  no_renewal_credential: true,
  renewal_credential_expired: true,
});
const eventTypes = wordsOf<EventType>({
  'connection.connected': true,
  'connection.refresh_failing': true,
  'connection.recovered': true,
  'connection.reauthorization_required': true,
  'connection.expiring_soon': true,
  'connection.revoked': true,
  'client.refused': true,
  'client.changed': true,
});
const rings = wordsOf<KeyRingName>({ 'access-token': true, renewal: true });
const faultCodes = wordsOf<FaultCode | 'UNEXPECTED'>({
  CONFIGURATION_INVALID: true,
  REQUEST_INVALID: true,
  ACCESS_DENIED: true,
  UNKNOWN_CLIENT: true,
  UNKNOWN_CONNECTION: true,
  REAUTHORIZATION_REQUIRED: true,
  CREDENTIALS_REFUSED: true,
  ACCOUNT_MISMATCH: true,
  CONNECTION_CHANGED: true,
  REGISTRATION_INVALID: true,
  CLIENT_CHANGED: true,
  CLIENT_REFUSED: true,
  PROVIDER_UNAVAILABLE: true,
  PROVIDER_ANSWER_INVALID: true,
  PROVIDER_REFUSED_REQUEST: true,
  TEMPORARILY_UNAVAILABLE: true,
  STORE_UNAVAILABLE: true,
  SEALED_VALUE_INVALID: true,
  KEY_RING_INVALID: true,
  ROW_INVALID: true,
  SLOW_DOWN: true,
  OUT_OF_TIME: true,
  UNEXPECTED: true,
});
/** `vended`, `warned`, and each error that a vend is answered with. */
const vendOutcomes = [
  'vended',
  'warned',
  'access_denied',
  'invalid_request',
  'unknown_client',
  'unknown_connection',
  'reauthorization_required',
  'temporarily_unavailable',
  'server_error',
];
const outcomes: Readonly<Partial<Record<MetricName, readonly string[]>>> = {
  refresh: refreshOutcomes,
  recovery: recoveries,
  vend_duration: vendOutcomes,
};

/** The words that a dimension of a metric may have; undefined for a provider: there may be any. */
export function valuesOf(name: MetricName, dimension: string): readonly string[] | undefined {
  switch (dimension) {
    case 'provider':
      return undefined;
    case 'outcome':
      return outcomes[name] ?? [];
    case 'reason':
      return reasons;
    case 'type':
      return eventTypes;
    case 'ring':
      return rings;
    case 'fault_code':
      return faultCodes;
    default:
      throw new Error(`a dimension that no test knows: ${dimension}`);
  }
}

/** How many series a metric has at most: so many for each provider, and so many others. */
export function seriesOf(name: MetricName): {
  readonly perProvider: number;
  readonly others: number;
} {
  const counted = metrics[name].by.map((names) => ({
    isPerProvider: names.some((each) => each === 'provider'),
    series: names.reduce((product, each) => product * (valuesOf(name, each)?.length ?? 1), 1),
  }));
  const sum = (isPerProvider: boolean) =>
    counted
      .filter((each) => each.isPerProvider === isPerProvider)
      .reduce((total, { series }) => total + series, 0);
  return { perProvider: sum(true), others: sum(false) };
}

export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** Whether a metric of ours is published by these dimensions, `service` left out. */
export function isPublishedBy(name: string, dimensions: readonly string[]): boolean {
  const wanted = dimensions.toSorted().join();
  return metricNames
    .filter((each) => each === name)
    .flatMap((each): readonly (readonly string[])[] => metrics[each].by)
    .some((names) => names.toSorted().join() === wanted);
}
