import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { Clock } from '../../lib/time.ts';
import type { PlaygroundStack } from './broker-api.ts';

/** Makes connections due. Only a local tool may write the tables behind the functions' backs. */
export interface DueMaker {
  /**
   * Lets the access token of a connection end now, and its refresh be due.
   *
   * Fences stay as they are, so a refresh under way is not disturbed. A connection that is not
   * refreshed by schedule any more stays out of the schedule.
   *
   * @returns whether there is such a connection.
   */
  readonly makeDue: (key: ConnectionKey) => Promise<boolean>;
  readonly close: () => void;
}

interface Change {
  readonly table: string;
  readonly set: string;
  readonly condition: string;
}

export function createDueMaker(stack: PlaygroundStack, clock: Clock): DueMaker {
  const dynamodb = new DynamoDBClient({
    endpoint: stack.dynamodb,
    region: stack.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const update = (key: ConnectionKey, change: Change) =>
    applied(dynamodb.send(buildUpdate(key, { ...change, stage: stack.stage, now: clock.now() })));
  return {
    makeDue: async (key) => {
      const found = await update(key, {
        table: 'tokens',
        set: 'token_expires_at = :now',
        condition: '#state <> :revoked',
      });
      await update(key, {
        table: 'connections',
        set: 'access_token_expires_at = :now, refresh_at = :now',
        condition: '#state IN (:active, :failing) AND attribute_exists(refresh_at)',
      });
      return found;
    },
    close: () => dynamodb.destroy(),
  };
}

/** Every word of the condition that begins with a colon stands for itself. */
function buildUpdate(
  key: ConnectionKey,
  { stage, table, set, condition, now }: Change & { readonly stage: string; readonly now: number },
): UpdateItemCommand {
  const words = condition.match(/:[a-z]+/g) ?? [];
  return new UpdateItemCommand({
    TableName: `evergrant-${stage}-${table}`,
    Key: { pk: { S: keyText(key) } },
    UpdateExpression: `SET ${set}`,
    ConditionExpression: `attribute_exists(pk) AND ${condition}`,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':now': { N: String(now) },
      ...Object.fromEntries(words.map((word) => [word, { S: word.slice(1) }])),
    },
  });
}

/** Whether the write's condition held. */
async function applied(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
