import type { Committed } from '../broker/ports.ts';
import type { RecoveryMessage } from '../broker/queue-ports.ts';
import { type Attributes, buildSchedule, namedSchedule } from './connection-row.ts';
import { count, instant, type Members, text, textMap, withoutUndefined } from './members.ts';
import { buildMessage, parseMessage } from './message.ts';
import { buildToken, parseToken } from './token-row.ts';
import { renewalKinds } from './vocabulary.ts';

/** What the recovery queue carries: an answer that could not be stored, its credentials sealed. */
export function buildRecoveryMessage(message: RecoveryMessage): string {
  return buildMessage(message, {
    fence: message.fence,
    answer: buildAnswer(message.answer),
    token: buildToken(message.token),
  });
}

/** @throws {Fault} `REQUEST_INVALID` naming every faulty member. */
export function parseRecoveryMessage(body: string): RecoveryMessage {
  return parseMessage(body, (members, address) => ({
    ...address,
    fence: members.required('fence', count),
    answer: members.requiredWithin('answer', parseAnswer),
    token: members.requiredWithin('token', (token) => parseToken(token, address)),
  }));
}

function buildAnswer(answer: Committed): Attributes {
  return {
    committed_fence: answer.committedFence,
    credential: answer.credential,
    scope: answer.scope,
    account_id: answer.accountId,
    values: answer.values,
    last_refreshed_at: answer.lastRefreshedAt,
    ...buildSchedule(answer),
  };
}

function parseAnswer(members: Members): Committed {
  return withoutUndefined<Committed>({
    committedFence: members.required('committed_fence', count),
    credential: members.within('credential', (credential) => ({
      sealed: credential.required('sealed', text),
      renewal: credential.required('renewal', renewalKinds),
    })),
    scope: members.optional('scope', text),
    accountId: members.optional('account_id', text),
    values: members.required('values', textMap),
    lastRefreshedAt: members.required('last_refreshed_at', instant),
    ...namedSchedule(members),
  });
}
