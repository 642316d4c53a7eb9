import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import {
  type FunctionName,
  lambdaFunction,
  logicalName,
  resource,
  resourcesOf,
} from './resources.ts';

/** The part of a queue in starting a function. */
export function queueSource(packaged: Packaged, name: FunctionName, queue: string) {
  return resource(packaged, `${logicalName(name)}EventSourceMappingSQS${queue}`).Properties;
}

/** What starts functions without being asked. */
export function describeEventSources(packaged: Packaged): void {
  describe('what starts functions', () => {
    it('is the clock, once a minute, for refresh-due; a failed run is left to the next', () => {
      expect(Object.values(resourcesOf(packaged, 'AWS::Events::Rule'))).toEqual([
        expect.objectContaining({
          Properties: expect.objectContaining({
            ScheduleExpression: 'rate(1 minute)',
            State: 'ENABLED',
            Targets: [
              expect.objectContaining({
                Arn: { 'Fn::GetAtt': ['RefreshDashdueLambdaFunction', 'Arn'] },
              }),
            ],
          }),
        }),
      ]);
      expect(resource(packaged, 'RefreshDashdueLambdaEvConf').Properties).toMatchObject({
        MaximumEventAgeInSeconds: 60,
        MaximumRetryAttempts: 0,
      });
    });

    it.each([
      ['refresh', 'RefreshQueue', 1, 40],
      ['recover', 'RecoveryQueue', 1, 10],
      ['revoke', 'RevokeQueue', 1, 2],
    ] as const)(
      'is a queue for %s, which names the messages that failed',
      (name, queue, batch, most) => {
        expect(queueSource(packaged, name, queue)).toEqual({
          BatchSize: batch,
          EventSourceArn: { 'Fn::GetAtt': [queue, 'Arn'] },
          FunctionName: { 'Fn::GetAtt': [`${logicalName(name)}LambdaFunction`, 'Arn'] },
          Enabled: true,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: most },
        });
      },
    );

    it('is the stream of the connections for publish-events, from its beginning', () => {
      const id = 'PublishDasheventsEventSourceMappingDynamodbConnectionsTable';

      expect(resource(packaged, id).Properties).toEqual({
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 2,
        EventSourceArn: { 'Fn::GetAtt': ['ConnectionsTable', 'StreamArn'] },
        FunctionName: { 'Fn::GetAtt': ['PublishDasheventsLambdaFunction', 'Arn'] },
        Enabled: true,
        StartingPosition: 'TRIM_HORIZON',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: 72_000,
        DestinationConfig: {
          OnFailure: { Destination: { 'Fn::GetAtt': ['EventsDeadQueue', 'Arn'] } },
        },
      });
    });

    it('is no other queue and no other stream', () => {
      const mappings = resourcesOf(packaged, 'AWS::Lambda::EventSourceMapping');

      expect(Object.keys(mappings).sort()).toEqual([
        'PublishDasheventsEventSourceMappingDynamodbConnectionsTable',
        'RecoverEventSourceMappingSQSRecoveryQueue',
        'RefreshEventSourceMappingSQSRefreshQueue',
        'RevokeEventSourceMappingSQSRevokeQueue',
      ]);
    });

    it('leaves refresh some of its concurrency for refreshes on demand', () => {
      const { ReservedConcurrentExecutions } = lambdaFunction(packaged, 'refresh').Properties;

      const { ScalingConfig } = queueSource(packaged, 'refresh', 'RefreshQueue');

      const { MaximumConcurrency } = ScalingConfig as { readonly MaximumConcurrency: number };
      expect(MaximumConcurrency).toBeLessThan(Number(ReservedConcurrentExecutions));
    });
  });
}
