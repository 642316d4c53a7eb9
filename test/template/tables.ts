import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import { resource, resourcesOf } from './resources.ts';

const tables = [
  ['ConnectionsTable', 'evergrant-dev-connections'],
  ['TokensTable', 'evergrant-dev-tokens'],
  ['SessionsTable', 'evergrant-dev-sessions'],
] as const;

/** What is stored for long: tables and key rings. */
export function describeTables(packaged: Packaged): void {
  describe('the tables', () => {
    it('are these', () => {
      const found = Object.keys(resourcesOf(packaged, 'AWS::DynamoDB::Table'));

      expect(found.sort()).toEqual(tables.map(([id]) => id).sort());
    });

    it.each(tables)(
      '%s is recoverable, protected, encrypted, and cleared of what expired',
      (id, name) => {
        expect(resource(packaged, id)).toMatchObject({
          DeletionPolicy: 'Retain',
          UpdateReplacePolicy: 'Retain',
          Properties: {
            TableName: name,
            BillingMode: 'PAY_PER_REQUEST',
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
            TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
            DeletionProtectionEnabled: true,
            SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
          },
        });
      },
    );

    it('list connections by what is due, and by client with nothing that a refresh changes', () => {
      const { Properties } = resource(packaged, 'ConnectionsTable');

      expect(Properties.AttributeDefinitions).toEqual([
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'shard', AttributeType: 'N' },
        { AttributeName: 'refresh_at', AttributeType: 'N' },
        { AttributeName: 'client', AttributeType: 'S' },
        { AttributeName: 'connection', AttributeType: 'S' },
      ]);
      expect(Properties.GlobalSecondaryIndexes).toEqual([
        {
          IndexName: 'due',
          KeySchema: [
            { AttributeName: 'shard', KeyType: 'HASH' },
            { AttributeName: 'refresh_at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: 'by_client',
          KeySchema: [
            { AttributeName: 'client', KeyType: 'HASH' },
            { AttributeName: 'connection', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
        },
      ]);
    });

    it('tell what changed in connections, and nothing of tokens and sessions', () => {
      const streams = tables.map(([id]) => resource(packaged, id).Properties.StreamSpecification);

      expect(streams).toEqual([{ StreamViewType: 'NEW_AND_OLD_IMAGES' }, undefined, undefined]);
    });
  });

  describe('the key rings', () => {
    it.each([
      ['AccessTokenKeyRing', 'evergrant/dev/keys/access-token'],
      ['RenewalKeyRing', 'evergrant/dev/keys/renewal'],
    ])(
      '%s is made at deployment, current k1 of 64 characters, and outlives the stack',
      (id, name) => {
        expect(resource(packaged, id)).toMatchObject({
          Type: 'AWS::SecretsManager::Secret',
          DeletionPolicy: 'Retain',
          UpdateReplacePolicy: 'Retain',
          Properties: {
            Name: name,
            // Another value of any of these would overwrite the ring of a stack that exists.
            GenerateSecretString: {
              SecretStringTemplate: '{"current":"k1"}',
              GenerateStringKey: 'k1',
              PasswordLength: 64,
              ExcludePunctuation: true,
            },
          },
        });
      },
    );

    it('are the only secrets of the stack: registrations need no deployment', () => {
      expect(Object.keys(resourcesOf(packaged, 'AWS::SecretsManager::Secret')).sort()).toEqual([
        'AccessTokenKeyRing',
        'RenewalKeyRing',
      ]);
    });
  });
}
