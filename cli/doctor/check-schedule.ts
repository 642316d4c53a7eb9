import { DescribeRuleCommand, ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge';
import type { EpochSeconds } from '../../lib/time.ts';
import { readDeployedFunction } from '../deployed-function.ts';
import { formatDuration } from '../output/instant.ts';
import type { Session } from '../session.ts';
import { openStores } from '../stores.ts';
import { type Check, type Diagnosis, isLocal, looking, ok, redeploy, wrong } from './diagnosis.ts';

/** Three runs of the schedule: what waits longer is stuck. */
const mostLagSeconds = 180;

/** As serverless.yml has it where a deployment says nothing else. */
export const defaultDueShards = 8;

/** Whether the schedule runs, and what is due is done in time. */
export const checkSchedule: Check = async (session) => [
  ...(isLocal(session) ? [] : await looking('schedule', () => lookAtRule(session))),
  ...(await looking('index due', () => lookAtLag(session))),
];

async function lookAtRule(session: Session): Promise<readonly Diagnosis[]> {
  const about = 'schedule';
  const deployed = await readDeployedFunction(session, 'refresh-due');
  // That it is missing is said where functions are looked at.
  if (!deployed?.FunctionArn) return [];
  const client = session.aws().events();
  const { RuleNames = [] } = await client.send(
    new ListRuleNamesByTargetCommand({ TargetArn: deployed.FunctionArn }),
  );
  if (RuleNames.length === 0) {
    return [wrong(about, 'no rule runs refresh-due', redeploy(session))];
  }
  const rules = await Promise.all(
    RuleNames.map((Name) => client.send(new DescribeRuleCommand({ Name }))),
  );
  const stopped = rules.filter(({ State }) => State !== 'ENABLED');
  if (stopped.length === 0) return [ok(about, 'it is enabled')];
  return stopped.map(({ Name = '' }) =>
    wrong(about, 'it is disabled: nothing is refreshed ahead of time', enableText(Name)),
  );
}

const enableText = (name: string) =>
  `aws events enable-rule --name ${name}; after a restored table first evergrant connections mark-uncertain`;

async function lookAtLag(session: Session): Promise<readonly Diagnosis[]> {
  const about = 'index due';
  const shards = await readDueShards(session);
  const { connections } = openStores(session, shards);
  const now = session.clock.now();
  const oldest = await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const { due } = await connections.listDue({ shard, now, limit: 1 });
      return due[0]?.refreshAt ?? now;
    }),
  );
  const lagSeconds = now - Math.min(now, ...oldest);
  if (lagSeconds <= mostLagSeconds) {
    return [ok(about, `nothing is overdue by more than ${mostLagSeconds} s`)];
  }
  const what = `a refresh is overdue by ${formatDuration(lagSeconds)}`;
  return [wrong(about, what, lagAdvice(session, oldest, now))];
}

function lagAdvice({ stage }: Session, oldest: readonly EpochSeconds[], now: EpochSeconds): string {
  const behind = oldest.filter((each) => now - each > mostLagSeconds).length;
  const scope = behind === oldest.length ? 'every shard is behind' : `${behind} shards are behind`;
  return `${scope}; aws logs tail /aws/lambda/evergrant-${stage()}-refresh-due, then -refresh`;
}

async function readDueShards(session: Session): Promise<number> {
  if (isLocal(session)) return defaultDueShards;
  const deployed = await readDeployedFunction(session, 'refresh-due');
  const shards = Number(deployed?.Environment?.Variables?.DUE_SHARDS);
  return Number.isInteger(shards) && shards > 0 ? shards : defaultDueShards;
}
