import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import type { Session } from '../session.ts';
import { type Check, ok, unknown, wrong } from './diagnosis.ts';

/** What a refresh allows for between two machines. */
const mostSkewSeconds = 5;

/** Whether this machine's clock agrees with the `Date` of an answer of AWS (RFC 9110 §6.6.1). */
export const checkClock: Check = async (session) => {
  const about = 'clock';
  const before = session.clock.nowMs();
  let date: string | undefined;
  try {
    date = await askForDate(session);
  } catch (error) {
    return [unknown(about, error)];
  }
  const after = session.clock.nowMs();
  const at = Date.parse(date ?? '');
  if (Number.isNaN(at)) return [unknown(about, new Error('the answer has no Date'))];
  // The header tells whole seconds, cut off.
  const skewSeconds = Math.round((at + 500 - (before + after) / 2) / 1000);
  if (Math.abs(skewSeconds) <= mostSkewSeconds) return [ok(about, 'it agrees with that of AWS')];
  const how = skewSeconds > 0 ? 'behind' : 'ahead';
  const what = `this machine is ${Math.abs(skewSeconds)} s ${how}: signatures and imported expiries suffer`;
  return [wrong(about, what, 'set the clock by NTP, such as timedatectl set-ntp true')];
};

/** The `Date` header of an answer, even of one that refuses. */
async function askForDate({ aws }: Session): Promise<string | undefined> {
  const command = new ListTablesCommand({ Limit: 1 });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = dateOf(result.response);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  try {
    await aws().dynamodb().send(command);
  } catch (error) {
    if (date === undefined) throw error;
  }
  return date;
}

function dateOf(response: unknown): string | undefined {
  const headers: unknown = Reflect.get(Object(response), 'headers');
  const date: unknown = Reflect.get(Object(headers), 'date');
  return typeof date === 'string' ? date : undefined;
}
