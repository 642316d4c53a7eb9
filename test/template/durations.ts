import { describe, expect, it } from 'vitest';
import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { queueSource } from './event-sources.ts';
import type { Packaged } from './package-service.ts';
import { type FunctionName, lambdaFunction, resource } from './resources.ts';

/** How the times of functions, leases and queues fit into each other. */
export function describeDurations(packaged: Packaged): void {
  const timeoutOf = (name: FunctionName) =>
    Number(lambdaFunction(packaged, name).Properties.Timeout);

  describe('the durations', () => {
    const seconds = (name: FunctionName, setting: string) => {
      const { Environment } = lambdaFunction(packaged, name).Properties;
      const { Variables } = Environment as {
        readonly Variables: Readonly<Record<string, unknown>>;
      };
      return Number(Variables[setting]);
    };
    const callAndWrite =
      seconds('refresh', 'REFRESH_PROVIDER_TIMEOUT_SECONDS') +
      seconds('refresh', 'STORE_WRITE_SECONDS');

    it('let a call and its write end before the lease, and the lease before the invocation', () => {
      const lease = seconds('refresh', 'LEASE_SECONDS');

      expect(callAndWrite).toBeLessThan(lease);
      expect(lease).toBeLessThan(timeoutOf('refresh'));
    });

    it('are those that refresh is told, and that it holds against each other', () => {
      const { VisibilityTimeout } = resource(packaged, 'RefreshQueue').Properties;

      expect(seconds('refresh', 'REFRESH_TIMEOUT_SECONDS')).toBe(timeoutOf('refresh'));
      expect(seconds('refresh', 'REFRESH_VISIBILITY_SECONDS')).toBe(Number(VisibilityTimeout));
    });

    it('let no connection wait for another one of its batch', () => {
      expect(queueSource(packaged, 'refresh', 'RefreshQueue')).toMatchObject({ BatchSize: 1 });
    });

    it.each(['callback', 'connections'] as const)(
      'let %s try both client secrets and store the answer before API Gateway gives up at 30 s',
      (name) => {
        const call = seconds(name, 'PROVIDER_TIMEOUT_SECONDS');

        expect(2 * call + seconds('refresh', 'STORE_WRITE_SECONDS')).toBeLessThan(timeoutOf(name));
        expect(timeoutOf(name)).toBeLessThan(30);
      },
    );

    it('let revoke end two tokens in one invocation, each with both client secrets', () => {
      expect(2 * 2 * seconds('revoke', 'PROVIDER_TIMEOUT_SECONDS')).toBeLessThan(
        timeoutOf('revoke'),
      );
    });

    it('leave an answer in the recovery queue two tries before its credential is sent again', () => {
      const { DelaySeconds, VisibilityTimeout } = resource(packaged, 'RecoveryQueue').Properties;
      const onItsWay = Number(DelaySeconds) + Number(VisibilityTimeout) + timeoutOf('recover');
      // The wait begins with the lease's end; the invocation may send its answer until its own.
      const sentLate = timeoutOf('refresh') - seconds('refresh', 'LEASE_SECONDS');

      expect(recoveryDelaySeconds).toBeGreaterThanOrEqual(sentLate + onItsWay);
    });

    it('let a run of the schedule end before the next begins', () => {
      expect(timeoutOf('refresh-due')).toBeLessThan(60);
    });

    it.each([
      ['recover', 'RecoveryQueue'],
      ['revoke', 'RevokeQueue'],
    ] as const)('hide a message of %s for six times its timeout', (name, queue) => {
      const { VisibilityTimeout } = resource(packaged, queue).Properties;

      expect(Number(VisibilityTimeout)).toBeGreaterThanOrEqual(6 * timeoutOf(name));
    });
  });
}
