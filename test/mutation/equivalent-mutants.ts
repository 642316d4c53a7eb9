import type { Mutant } from './mutants.ts';

/** Mutants of one function that behave as the original does, and why. */
export interface EquivalentMutants {
  readonly file: string;
  /** As {@link Mutant.within}. */
  readonly within: string;
  /** As {@link Mutant.change}. */
  readonly changes: readonly string[];
  readonly reason: string;
}

/** Survivors that no test could notice. Each is tried all the same: one that is noticed is no such. */
export const equivalentMutants: readonly EquivalentMutants[] = [
  {
    file: 'functions/callback.ts',
    within: 'handler',
    changes: ['event.pathParameters?.client → event.pathParameters.client'],
    reason: 'API Gateway names the path’s parameter in every event of a route that has one',
  },
  {
    file: 'functions/refresh.ts',
    within: 'handler',
    changes: ['without await rehearsal;', 'await rehearsal → rehearsal'],
    reason: 'it makes the first refresh of a process faster, which is measured and not tested',
  },
  {
    file: 'lib/aws/client-index.ts',
    within: 'connections',
    changes: ['one.connection < other.connection → (one.connection) <= (other.connection)'],
    reason: 'no two connections of a client have the same id',
  },
  {
    file: 'lib/aws/client-index.ts',
    within: 'page',
    changes: ['without state: undefined'],
    reason: 'a state that is undefined is none; the compiler wants it said',
  },
  {
    file: 'lib/aws/client-index.ts',
    within: 'listIds',
    changes: [
      'last ? { ids: taken, after: last } : { ids: taken } → ({ ids: taken, after: last })',
      'after === undefined ? { ids } : { ids, after } → ({ ids, after })',
    ],
    reason:
      'a page that is over-full has a last entry, and one more is asked for after a key only; the compiler sees neither',
  },
  {
    file: 'lib/aws/client-index.ts',
    within: 'connectionOf',
    changes: ["item.pk?.S ?? '' → (item.pk?.S)", 'item.pk?.S → item.pk.S'],
    reason:
      'every entry of an index has the key of its table, and it is a text; only the SDK’s type allows none',
  },
  {
    file: 'lib/aws/connection-attempts.ts',
    within: 'isSooner',
    changes: ['retryAt < refreshAt → (retryAt) <= (refreshAt)'],
    reason: 'a moment that is the same is written over itself',
  },
  {
    file: 'lib/aws/connection-conditions.ts',
    within: 'intentIsOf',
    changes: ["compare('intent.fence', 'is', fence) → compare('intent.fence', 'atLeast', fence)"],
    reason: 'no intent is of a later attempt than its row, whose fence the write demands as well',
  },
  {
    file: 'lib/aws/due-index.ts',
    within: 'address',
    changes: ["item.pk?.S ?? '' → (item.pk?.S)", 'item.pk?.S → item.pk.S'],
    reason:
      'every entry of an index has the key of its table, and it is a text; only the SDK’s type allows none',
  },
  {
    file: 'lib/aws/due-index.ts',
    within: 'buildCursor',
    changes: ['last.refresh_at?.N → last.refresh_at.N', 'last.pk?.S → last.pk.S'],
    reason: 'the key at which a page ends has every member of the index’s and the table’s key',
  },
  {
    file: 'lib/aws/due-index.ts',
    within: 'startKey',
    changes: [
      'refreshAt === undefined || key === undefined → (key === undefined)',
      'refreshAt === undefined || key === undefined → (refreshAt === undefined)',
    ],
    reason: 'both groups of the pattern match, or the whole does not; the compiler asks for each',
  },
  {
    file: 'lib/aws/dynamodb-client-store.ts',
    within: 'countRefusedGrant',
    changes: ['counted.refusedGrants ?? 0 → (counted.refusedGrants)'],
    reason: 'the row is as the write has left it that has just added to this number',
  },
  {
    file: 'lib/aws/eventbridge-bus.ts',
    within: 'putBatch',
    changes: [
      'batch.some((entry) => sizeOf(entry) > mostBytes) → batch.every((entry) => sizeOf(entry) > mostBytes)',
    ],
    reason: 'an entry that is too large is alone in its batch',
  },
  {
    file: 'lib/aws/eventbridge-bus.ts',
    within: 'putBatch',
    changes: ['tries > 1 → true', 'tries > 1 → (tries) >= (1)'],
    reason: 'the first pause is one of nothing',
  },
  {
    file: 'lib/aws/eventbridge-bus.ts',
    within: 'entries',
    changes: ['batch[index] ?? [] → (batch[index])'],
    reason: 'what is open are places of the batch; the compiler cannot know',
  },
  {
    file: 'lib/aws/eventbridge-bus.ts',
    within: 'putBatch',
    changes: [
      'answers[at] ?? delivered → (answers[at])',
      'deliveries[index]?.ending → deliveries[index].ending',
    ],
    reason: 'each entry has an answer, and each place a delivery; the compiler cannot know',
  },
  {
    file: 'lib/aws/dynamodb-client-store.ts',
    within: 'markChanged',
    changes: ["without absent('changed_version')"],
    reason: 'DynamoDB finds an attribute that is not there unequal to any value; said all the same',
  },
  {
    file: 'lib/aws/store-clock.ts',
    within: 'dateMs',
    changes: ['date === undefined ? Number.NaN : Date.parse(date) → (Date.parse(date))'],
    reason: 'a date that is not there reads as none; the compiler wants a text',
  },
  {
    file: 'lib/aws/store-clock.ts',
    within: 'dateOf',
    changes: ['headers?.date → headers.date'],
    reason: 'a response of the SDK’s own handler has headers, though there be none in them',
  },
  {
    file: 'lib/aws/stream-record.ts',
    within: 'isNamed',
    changes: [
      "isFault(error) && error.code === 'ROW_INVALID' → (isFault(error))",
      "isFault(error) && error.code === 'ROW_INVALID' → (error.code === 'ROW_INVALID')",
    ],
    reason: 'no other fault comes of an image; the compiler asks for this one',
  },
  {
    file: 'lib/aws/stream-record.ts',
    within: 'problems',
    changes: [
      "isNamed ? error.context.problems : ['an image is none of an item'] → (error.context.problems)",
    ],
    reason: 'no other error is known to come of an image, and none may hold up the stream',
  },
  {
    file: 'lib/aws/stream-record.ts',
    within: 'parseConnectionImage',
    changes: ["item.state?.S ?? '' → (item.state?.S)"],
    reason: 'nothing is needed of a state that is not there, either way',
  },
  {
    file: 'lib/broker/changed-client.ts',
    within: 'noteChangedClient',
    changes: ["fault.code !== 'CLIENT_CHANGED' || !status → (fault.code !== 'CLIENT_CHANGED')"],
    reason: 'the client’s row is read before its registration is found changed; the compiler asks',
  },
  {
    file: 'lib/broker/client-breaker.ts',
    within: 'retryAfterOf',
    changes: [
      "outcome.outcome === 'unavailable' ? (outcome.retryAfterSeconds ?? 0) : 0 → (outcome.retryAfterSeconds ?? 0)",
    ],
    reason:
      'the other ending that counts as trouble has no such member; the compiler asks which it is',
  },
  {
    file: 'lib/broker/client-secrets.ts',
    within: 'followSecrets',
    changes: ["outcome.outcome !== 'granted' || !outcome.byOlderSecret → (!outcome.byOlderSecret)"],
    reason: 'no other ending has such a member; the compiler asks which it is',
  },
  {
    file: 'lib/broker/disconnect.ts',
    within: 'openAccessToken',
    changes: ["!token || token.state === 'revoked' → (!token)"],
    reason: 'a tombstone holds no sealed value to open; the compiler asks which of the two it is',
  },
  {
    file: 'lib/broker/due-lag.ts',
    within: 'note',
    changes: [
      'overdueSeconds > held → (overdueSeconds) >= (held)',
      'overdueSeconds > due → (overdueSeconds) >= (due)',
    ],
    reason: 'one that waits as long as the longest is as long',
  },
  {
    file: 'lib/broker/establish-connection.ts',
    within: 'old',
    changes: ['isLive(existing) ? existing : undefined → (existing)'],
    reason:
      'a tombstone has neither account nor credential; the compiler asks which of the two it is',
  },
  {
    file: 'lib/broker/event.ts',
    within: 'buildEvent',
    changes: ["!happened || change.row === 'other' → (!happened)"],
    reason: 'nothing is read from such a row; the compiler does not see that',
  },
  {
    file: 'lib/broker/event.ts',
    within: 'hint',
    changes: [
      'isConnection ? (renewal: readonly RenewalKind[]) => reconnect(change.key, renewal, publicBaseUrl) : () => undefined → ((renewal: readonly RenewalKind[]) => reconnect(change.key, renewal, publicBaseUrl))',
    ],
    reason:
      'nothing that happens to a client asks for a hint; the compiler asks which of the two it is',
  },
  {
    file: 'lib/broker/durable-answer.ts',
    within: 'commitOnce',
    changes: ['current.committedFence > fence → (current.committedFence) >= (fence)'],
    reason: 'an equal fence is answered on the line before',
  },
  {
    file: 'lib/broker/happening.ts',
    within: 'since',
    changes: ['at === undefined ? {} : { since: at } → ({ since: at })'],
    reason: 'a member that is undefined is none; the compiler wants it left out',
  },
  {
    file: 'lib/broker/keep-answer.ts',
    within: 'expiry',
    changes: [
      'end === undefined ? {} : { refreshTokenExpiresAt: end } → ({ refreshTokenExpiresAt: end })',
    ],
    reason: 'a member that is undefined is none; the compiler wants it left out',
  },
  {
    file: 'lib/broker/mark-uncertain.ts',
    within: 'vended',
    changes: ["token?.state === 'revoked' ? undefined : token?.expiresAt → (token?.expiresAt)"],
    reason: 'a tombstone has no such member; the compiler asks which of the two it is',
  },
  {
    file: 'lib/broker/publish-events.ts',
    within: 'isUnavailable',
    changes: [
      "isFault(error) && error.code === 'STORE_UNAVAILABLE' → (error.code === 'STORE_UNAVAILABLE')",
    ],
    reason: 'only our faults have this code',
  },
  {
    file: 'lib/broker/recover-answer.ts',
    within: 'recoverAnswer',
    changes: [
      "isLive(row) && (recovery === 'recovered' || recovery === 'already_kept') → (recovery === 'recovered' || recovery === 'already_kept')",
    ],
    reason: 'neither ending is one of a row that is not live; the compiler does not see that',
  },
  {
    file: 'lib/broker/refresh-retry.ts',
    within: 'graceEnd',
    changes: [
      '(intent && graceOf(ports, client, { ...row, intent })?.endsAt) ?? never → (intent && graceOf(ports, client, { ...row, intent })?.endsAt)',
    ],
    reason: 'a moment that is not there is not after now; the compiler wants a number',
  },
  {
    file: 'lib/broker/remind-of-end.ts',
    within: 'soonest',
    changes: ['end === undefined || next === 0 → (next === 0)'],
    reason: 'what is due for a reminder has an end; the compiler does not see that',
  },
  {
    file: 'lib/broker/renewal-end.ts',
    within: 'told',
    changes: ['previous?.remindDays → previous.remindDays'],
    reason: 'an end that is the same was there before',
  },
  {
    file: 'lib/broker/renewal-end.ts',
    within: 'isSameEnd',
    changes: [
      'one !== undefined && Math.abs(one - other) <= sameEndSeconds → (Math.abs(one - other) <= sameEndSeconds)',
    ],
    reason: 'what is undefined differs by no number',
  },
  {
    file: 'lib/broker/renewal-end.ts',
    within: 'readReminder',
    changes: [
      'end === undefined || end <= now → (end <= now)',
      'days === undefined ? { next: planned } : { days, next } → ({ days, next })',
    ],
    reason:
      'of an end that is undefined nothing is overdue, and where nothing is the next is the one planned; the compiler asks',
  },
  {
    file: 'lib/broker/renewal-end.ts',
    within: 'toldBetween',
    changes: [
      'reminders.findLast((days) => days > after) ?? before → (reminders.findLast((days) => days > after))',
    ],
    reason: 'one that was planned before is after the next; the compiler cannot know',
  },
  {
    file: 'lib/broker/renewal-end.ts',
    within: 'isDueForReminder',
    changes: [
      'end === undefined || renewAt === undefined || refreshAt === undefined → false',
      'end === undefined || renewAt === undefined || refreshAt === undefined → (renewAt === undefined) || (refreshAt === undefined)',
      'end === undefined || renewAt === undefined || refreshAt === undefined → (end === undefined) || (refreshAt === undefined)',
      'end === undefined || renewAt === undefined || refreshAt === undefined → (end === undefined) || (renewAt === undefined)',
    ],
    reason: 'what is undefined is neither more than a number nor equal to one; the compiler asks',
  },
  {
    file: 'lib/broker/reseal-connection.ts',
    within: 'readToken',
    changes: [
      "!token || token.state === 'revoked' || !token.sealed || !isAlive(clock, token) → (!token) || (!token.sealed) || (!isAlive(clock, token))",
    ],
    reason: 'a tombstone holds no sealed value; the compiler asks which of the two it is',
  },
  {
    file: 'lib/lambda/stream-function.ts',
    within: 'itemOf',
    changes: ['record?.dynamodb?.SequenceNumber → record?.dynamodb.SequenceNumber'],
    reason: 'every record has been found to have a position; the types of Lambda allow for none',
  },
  {
    file: 'lib/broker/schedule-refreshes.ts',
    within: 'from',
    changes: ['cursor === undefined ? {} : { cursor } → ({ cursor })'],
    reason: 'a cursor that is undefined is none; the compiler wants it left out',
  },
  {
    file: 'lib/broker/schedule.ts',
    within: 'buildSchedule',
    changes: [
      'end !== undefined && end - obtainedAt > 2 * leastGainSeconds → (end - obtainedAt > 2 * leastGainSeconds)',
    ],
    reason: 'a number that is reckoned with one that is not there is never more than another',
  },
  {
    file: 'lib/broker/schedule.ts',
    within: 'buildSchedule',
    changes: ['renewAt !== undefined && { refreshAt: renewAt } → ({ refreshAt: renewAt })'],
    reason: 'a member that is undefined is none; the compiler wants it left out',
  },
  {
    file: 'lib/broker/rejected-token.ts',
    within: 'isRejected',
    changes: ['rejectedTokenSha256 === undefined → false'],
    reason: 'it spares a digest for each vend: none is equal to what is not there',
  },
  {
    file: 'lib/broker/token-cache.ts',
    within: 'keep',
    changes: ['oldest !== undefined → true'],
    reason: 'where there are as many entries there is an oldest; the compiler does not see that',
  },
  {
    file: 'lib/broker/token-fitness.ts',
    within: 'openToken',
    changes: ['sealed === undefined || accessToken === undefined → (accessToken === undefined)'],
    reason: 'without a sealed value there is no token to open; the compiler does not see that',
  },
  {
    file: 'lib/broker/token-seal.ts',
    within: 'facts',
    changes: ['one < other → (one) <= (other)'],
    reason: 'no two members of an object have the same name',
  },
  {
    file: 'lib/broker/vend-access-token.ts',
    within: 'row',
    changes: ["found?.state === 'revoked' ? undefined : found → (found)"],
    reason: 'whoever looks asks first whether it is a tombstone; the compiler does not see that',
  },
  {
    file: 'lib/broker/vend-access-token.ts',
    within: 'awaitOther',
    changes: ['without ...held'],
    reason: 'what settles needs no deadline any more, the one member that is not given anew',
  },
  {
    file: 'lib/broker/vended-token.ts',
    within: 'isSettled',
    changes: ['status?.retryAt ?? 0 → (status?.retryAt)'],
    reason: 'a moment that is not there is not after now; the compiler wants a number',
  },
  {
    file: 'lib/lambda/queue-function.ts',
    within: 'isRecord',
    changes: ["typeof record !== 'object' || record === null → (record === null)"],
    reason: 'a text or a number in JSON has none of the members that are asked for next',
  },
];

export function isListed({ file, within, change }: Mutant): boolean {
  return equivalentMutants.some(
    (listed) => listed.file === file && listed.within === within && listed.changes.includes(change),
  );
}

/** What is listed of these files and is no mutant of them any more. */
export function listStale(mutants: readonly Mutant[], files: readonly string[]): readonly string[] {
  return equivalentMutants
    .filter(({ file }) => files.includes(file))
    .flatMap(({ file, within, changes }) =>
      changes
        .filter(
          (change) =>
            !mutants.some(
              (mutant) =>
                mutant.file === file && mutant.within === within && mutant.change === change,
            ),
        )
        .map((change) => `${file} [${within}] ${change}`),
    );
}
