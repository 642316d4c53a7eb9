import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import type { Session } from '../session.ts';
import { type Diagnosis, wrong } from './diagnosis.ts';

/**
 * Whether what feeds a function from a table's stream is the stream that the table has now: a table
 * whose stream was off, or that was restored, has another one, and nothing is read from the old.
 */
export async function lookAtStream(
  session: Session,
  about: string,
  mappings: readonly EventSourceMappingConfiguration[],
): Promise<readonly Diagnosis[]> {
  const followed = mappings.flatMap(({ EventSourceArn: arn = '' }) =>
    arn.includes(':table/') ? [arn] : [],
  );
  const [first] = followed;
  if (first === undefined) return [];
  const [, TableName = ''] = /:table\/([^/]+)\//.exec(first) ?? [];
  const { Table } = await session.aws().dynamodb().send(new DescribeTableCommand({ TableName }));
  const current = Table?.LatestStreamArn;
  if (current === undefined || followed.includes(current)) return [];
  const what = 'it follows a stream that the table no longer has: nobody is told of what happens';
  return [wrong(about, what, 'docs/operations.md, "Events after a restored table"')];
}
