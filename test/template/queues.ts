import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import { resource, resourcesOf } from './resources.ts';

/** Queue, its dead letters, and its name without the ending that FIFO queues have. */
export const queues = [
  ['RefreshQueue', 'RefreshDeadQueue', 'refresh'],
  ['RecoveryQueue', 'RecoveryDeadQueue', 'recovery'],
  ['RevokeQueue', 'RevokeDeadQueue', 'revoke'],
] as const;

/** Of no queue, but of the connections' stream. */
export const eventsDeadQueue = 'EventsDeadQueue';

const tombstoneSeconds = 30 * 24 * 3600;

/** The queues and where their messages end that cannot be handled. */
export function describeQueues(packaged: Packaged): void {
  describe('the queues', () => {
    it('are these, each with dead letters of its own, and one for what a stream cannot do', () => {
      const found = Object.keys(resourcesOf(packaged, 'AWS::SQS::Queue'));

      const live = queues.map(([queue]) => queue);
      const dead = queues.map(([, dead]) => dead);
      expect(found.sort()).toEqual([...live, ...dead, eventsDeadQueue].sort());
    });

    it.each(queues)('%s gives up into %s', (queue, dead, name) => {
      const end = queue === 'RefreshQueue' ? '.fifo' : '';

      expect(resource(packaged, queue).Properties).toMatchObject({
        QueueName: `evergrant-dev-${name}${end}`,
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [dead, 'Arn'] } },
      });
      expect(resource(packaged, dead).Properties.QueueName).toBe(
        `evergrant-dev-${name}-dead${end}`,
      );
    });

    it('keep events that were given up for two weeks', () => {
      expect(resource(packaged, eventsDeadQueue).Properties).toMatchObject({
        QueueName: 'evergrant-dev-events-dead',
        MessageRetentionPeriod: 14 * 24 * 3600,
      });
    });

    it('are encrypted by SQS, or by the own key if there is one', () => {
      for (const { Properties } of Object.values(resourcesOf(packaged, 'AWS::SQS::Queue'))) {
        expect(Properties).toMatchObject({
          SqsManagedSseEnabled: { 'Fn::If': ['HasKmsKey', { Ref: 'AWS::NoValue' }, true] },
          KmsMasterKeyId: {
            'Fn::If': ['HasKmsKey', { Ref: 'KmsKeyArn' }, { Ref: 'AWS::NoValue' }],
          },
        });
      }
    });

    it('keep the order within a lane only, so that a slow client holds up nobody else', () => {
      expect(resource(packaged, 'RefreshQueue').Properties).toMatchObject({
        FifoQueue: true,
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      });
      expect(resource(packaged, 'RefreshDeadQueue').Properties.FifoQueue).toBe(true);
    });

    it('give a store that failed half a minute, a day of tries, and outlive the stack', () => {
      const { Properties, DeletionPolicy } = resource(packaged, 'RecoveryQueue');
      const { maxReceiveCount } = Properties.RedrivePolicy as { readonly maxReceiveCount: number };

      expect(Properties.DelaySeconds).toBe(30);
      expect(maxReceiveCount * Number(Properties.VisibilityTimeout)).toBeGreaterThan(24 * 3600);
      expect(DeletionPolicy).toBe('Retain');
      expect(resource(packaged, 'RecoveryDeadQueue').DeletionPolicy).toBe('Retain');
    });

    it.each(queues)('%s and %s keep a message shorter than a tombstone lives', (queue, dead) => {
      const kept = [queue, dead].map((id) =>
        Number(resource(packaged, id).Properties.MessageRetentionPeriod),
      );

      expect(kept.reduce((sum, each) => sum + each, 0)).toBeLessThan(tombstoneSeconds);
    });
  });
}
