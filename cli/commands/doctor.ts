import type { Command } from 'commander';
import type { Action } from '../action.ts';
import { checkClock } from '../doctor/check-clock.ts';
import { checkFunctions } from '../doctor/check-functions.ts';
import { checkQueues } from '../doctor/check-queues.ts';
import { checkSchedule } from '../doctor/check-schedule.ts';
import { checkSecrets } from '../doctor/check-secrets.ts';
import { checkTables } from '../doctor/check-tables.ts';
import { type Check, type Diagnosis, isLocal } from '../doctor/diagnosis.ts';
import type { Ending } from '../failure.ts';
import type { Session } from '../session.ts';

/** In the order in which they are told: what others depend on comes first. */
const checks: readonly Check[] = [
  checkClock,
  checkTables,
  checkQueues,
  checkSecrets,
  checkFunctions,
  checkSchedule,
];

/** `doctor`: what is wrong with an installation, and the command that mends it. Changes nothing. */
export function addDoctor(program: Command, action: Action): void {
  program
    .command('doctor')
    .description('what is wrong with the installation, and the command that mends it')
    .option('--all', 'also what is in order')
    .action(action(examine));
}

async function examine(
  session: Session,
  { all }: { readonly all?: true },
): Promise<Ending | undefined> {
  const diagnoses = (await Promise.all(checks.map((check) => check(session)))).flat();
  const count = (level: Diagnosis['level']) =>
    diagnoses.filter((each) => each.level === level).length;
  const wrong = count('wrong');
  const shown = diagnoses.filter(({ level }) => all || level !== 'ok');
  const summary = `${count('ok')} in order, ${wrong} wrong, ${count('unknown')} unknown`;
  const omitted = isLocal(session)
    ? ['Functions, roles, backups and the schedule are those of the local stack: not looked at.']
    : [];
  const text = [...shown.map(format), ...omitted, summary].join('\n');
  session.print.result({ healthy: wrong === 0, diagnoses }, text);
  return wrong > 0 ? 'found' : undefined;
}

const marks = { ok: 'ok     ', wrong: 'WRONG  ', unknown: 'unknown' } as const;

function format({ level, about, what, mend }: Diagnosis): string {
  const line = `${marks[level]}  ${about}: ${what}`;
  return mend === undefined ? line : `${line}\n         ${mend}`;
}
