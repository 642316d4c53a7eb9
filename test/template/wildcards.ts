import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';

/** Where a wildcard stands, as `type: text`. */
const wildcards = [
  // The names of registrations are not known at deployment, and each ARN ends in six random characters.
  'AWS::IAM::Role: arn:{AWS::Partition}:secretsmanager:{AWS::Region}:{AWS::AccountId}:secret:evergrant/{stage}/clients/*',
  // Rows of one kind, by the beginning of their keys: narrower than the table.
  'AWS::IAM::Role: session:*',
  'AWS::IAM::Role: authorization:*',
  'AWS::IAM::Role: pending:*',
  'AWS::IAM::Role: */*',
  // Made by the packager: every route of this one API, and no access to the bundles without TLS.
  'AWS::Lambda::Permission: arn:{AWS::Partition}:execute-api:{AWS::Region}:{AWS::AccountId}:{HttpApi}/*',
  'AWS::S3::BucketPolicy: s3:*',
  'AWS::S3::BucketPolicy: *',
  'AWS::S3::BucketPolicy: arn:{AWS::Partition}:s3:::{ServerlessDeploymentBucket}/*',
];

/** Every wildcard of the template has a reason, which the documentation tells. */
export function describeWildcards({ resources }: Packaged, stage: string): void {
  describe('the wildcards', () => {
    it('are these, and each is told of', () => {
      const found = Object.values(resources)
        // What `vend` serves is the operator's choice, and a setting.
        .filter(({ Type }) => Type !== 'AWS::Lambda::Function')
        .flatMap(({ Type, Properties }) => textsOf(Properties).map((text) => `${Type}: ${text}`))
        .filter((text) => text.includes('*'))
        .map((text) => text.replace(`evergrant/${stage}/`, 'evergrant/{stage}/'));

      expect([...new Set(found)].sort()).toEqual([...wildcards].sort());
      const operations = readFileSync(
        join(import.meta.dirname, '../../docs/operations.md'),
        'utf8',
      );
      const told = [...operations.matchAll(/^\| `(AWS::[^`]*\*[^`]*)` \| .{20,} \|$/gm)];
      expect(told.map(([, text]) => text).sort()).toEqual([...wildcards].sort());
    });

    it('of a policy that allows something are in no action and no principal', () => {
      const allowing = Object.values(resources)
        .flatMap(({ Properties }) => statementsOf(Properties))
        .filter(({ Effect }) => Effect !== 'Deny');

      expect(allowing.length).toBeGreaterThan(40);
      for (const { Action, Principal, NotAction, NotPrincipal, NotResource } of allowing) {
        expect(JSON.stringify([Action, Principal])).not.toContain('*');
        expect([NotAction, NotPrincipal, NotResource]).toEqual([undefined, undefined, undefined]);
      }
    });
  });
}

/** Every text in a value; what is joined or substituted is one text, with its variables in braces. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const { 'Fn::Sub': pattern, 'Fn::Join': joined } = value as Readonly<Record<string, unknown>>;
  if (typeof pattern === 'string') return [pattern.replaceAll('${', '{')];
  if (Array.isArray(joined)) return [joined[1].map(sayPart).join(joined[0])];
  return Object.values(value).flatMap(textsOf);
}

function sayPart(part: unknown): string {
  return typeof part === 'string' ? part : `{${(part as { readonly Ref: string }).Ref}}`;
}

type Statement = Readonly<Record<string, unknown>>;

/** Every statement of every policy in a value. */
function statementsOf(value: unknown): readonly Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(statementsOf);
  return 'Effect' in value ? [value as Statement, ...within] : within;
}
