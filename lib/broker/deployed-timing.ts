import type { Settings } from '../settings.ts';
import { seconds } from '../time.ts';
import { assertTiming, type RefreshTiming, recoveryDelaySeconds } from './refresh-timing.ts';

/**
 * The durations of a refresh as this deployment has them.
 *
 * @throws {Fault} `CONFIGURATION_INVALID` naming the numbers of each contradiction.
 */
export function deployedTiming(
  settings: Settings<
    | 'LEASE_SECONDS'
    | 'REFRESH_PROVIDER_TIMEOUT_SECONDS'
    | 'REFRESH_TIMEOUT_SECONDS'
    | 'REFRESH_VISIBILITY_SECONDS'
    | 'STORE_WRITE_SECONDS'
  >,
): RefreshTiming {
  const timing = {
    leaseSeconds: settings.LEASE_SECONDS,
    providerTimeoutSeconds: settings.REFRESH_PROVIDER_TIMEOUT_SECONDS,
    storeWriteSeconds: settings.STORE_WRITE_SECONDS,
    clockSkewSeconds: seconds(5),
    recoveryDelaySeconds,
  };
  return assertTiming(timing, {
    functionTimeoutSeconds: settings.REFRESH_TIMEOUT_SECONDS,
    visibilitySeconds: settings.REFRESH_VISIBILITY_SECONDS,
  });
}
