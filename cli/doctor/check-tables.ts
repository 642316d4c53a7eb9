import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { Session } from '../session.ts';
import { type Check, type Diagnosis, isLocal, looking, ok, redeploy, wrong } from './diagnosis.ts';

/** The tables, and the indexes that each has. */
const tables: Readonly<Record<string, readonly string[]>> = {
  connections: ['due', 'by_client'],
  tokens: [],
  sessions: [],
};

/** Whether the tables are there, in use, and protected as they were deployed. */
export const checkTables: Check = async (session) => {
  const found = Object.entries(tables).map(([name, indexes]) => {
    const table = `evergrant-${session.stage()}-${name}`;
    return looking(table, () => lookAt(session, table, indexes));
  });
  return (await Promise.all(found)).flat();
};

async function lookAt(
  session: Session,
  name: string,
  indexes: readonly string[],
): Promise<readonly Diagnosis[]> {
  const client = session.aws().dynamodb();
  const table = await describe(client, name);
  if (!table) return [wrong(name, 'the table does not exist', absenceAdvice(session))];
  const odd = [
    ...stateOf(session, name, { table, indexes }),
    ...(isLocal(session) ? [] : await protectionOf(client, name, table)),
  ];
  return odd.length > 0 ? odd : [ok(name, 'the table is there')];
}

async function describe(
  client: DynamoDBClient,
  TableName: string,
): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function absenceAdvice(session: Session): string {
  return isLocal(session)
    ? 'end the local stack and start it again: npm start'
    : `restore it from its backup (docs/operations.md), or, if nothing was kept in it, ${redeploy(session)}`;
}

function stateOf(
  session: Session,
  name: string,
  { table, indexes }: { readonly table: TableDescription; readonly indexes: readonly string[] },
): readonly Diagnosis[] {
  const wait = `wait, then evergrant doctor again; else ${redeploy(session)}`;
  const missing = indexes.filter((index) => {
    const found = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index);
    return found?.IndexStatus !== 'ACTIVE' && found?.IndexStatus !== 'UPDATING';
  });
  const isActive = table.TableStatus === 'ACTIVE' || table.TableStatus === 'UPDATING';
  return [
    ...(isActive ? [] : [wrong(name, `the table is ${table.TableStatus}`, wait)]),
    ...missing.map((index) => wrong(name, `its index ${index} is not there or not ready`, wait)),
  ];
}

/** What a restored table comes without: AWS restores rows and indexes, not these settings. */
async function protectionOf(
  client: DynamoDBClient,
  name: string,
  table: TableDescription,
): Promise<readonly Diagnosis[]> {
  const backups = looking(`${name}: backups`, async () => {
    const { ContinuousBackupsDescription: all } = await client.send(
      new DescribeContinuousBackupsCommand({ TableName: name }),
    );
    const status = all?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    return status === 'ENABLED'
      ? []
      : [
          wrong(
            name,
            'point-in-time recovery is off',
            `aws dynamodb update-continuous-backups --table-name ${name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
          ),
        ];
  });
  const timeToLive = looking(`${name}: TTL`, async () => {
    const { TimeToLiveDescription: ttl } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: name }),
    );
    const isOn = ttl?.AttributeName === 'expires_at' && /^ENABL/.test(ttl.TimeToLiveStatus ?? '');
    return isOn
      ? []
      : [
          wrong(
            name,
            'TTL is off: tombstones and sessions are never deleted',
            `aws dynamodb update-time-to-live --table-name ${name} --time-to-live-specification Enabled=true,AttributeName=expires_at`,
          ),
        ];
  });
  const stream =
    table.StreamSpecification?.StreamEnabled || !name.endsWith('-connections')
      ? []
      : [
          wrong(
            name,
            'its stream is off: nobody hears of what changes',
            `aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
          ),
        ];
  const protection = table.DeletionProtectionEnabled
    ? []
    : [
        wrong(
          name,
          'it can be deleted by mistake',
          `aws dynamodb update-table --table-name ${name} --deletion-protection-enabled`,
        ),
      ];
  return [...(await backups), ...(await timeToLive), ...stream, ...protection];
}
