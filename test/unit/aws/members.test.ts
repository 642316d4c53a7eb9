import { describe, expect, it } from 'vitest';
import {
  count,
  flag,
  type Kind,
  type Members,
  oneOf,
  parseMembers,
  someOf,
  text,
  textMap,
  texts,
} from '../../../lib/aws/members.ts';
import { parseRefreshReply } from '../../../lib/aws/refresh-payload.ts';
import {
  connectionState,
  expirySource,
  reauthorizationReason,
  remindDays,
  renewalKinds,
  warningCode,
} from '../../../lib/aws/vocabulary.ts';
import type {
  ConnectionState,
  RefreshReply,
  RenewalKind,
  Schedule,
  WarningCode,
} from '../../../lib/broker/ports.ts';
import type { RemindDays } from '../../../lib/broker/renewal-end.ts';
import { Fault, type ReauthorizationReason } from '../../../lib/fault.ts';

const refusal = (problems: readonly string[]) => new Fault('REQUEST_INVALID', { problems });
const contextOf = (parse: () => unknown) => {
  try {
    parse();
    return [];
  } catch (error) {
    return error instanceof Fault ? error.context : error;
  }
};
const problemsOf = (source: unknown, kind: Kind<unknown>) =>
  contextOf(() => parseMembers(source, (members) => members.required('member', kind), refusal));

describe('a member', () => {
  it.each<[string, Kind<unknown>, unknown, unknown]>([
    ['a list of texts', texts, ['a', ''], [1]],
    ['a list of texts', texts, [], 'text'],
    ['a list of texts', texts, [], { every: true }],
    ['a map of texts', textMap, { a: '' }, ['a']],
    ['a map of texts', textMap, {}, null],
    ['a map of texts', textMap, {}, { a: 1 }],
    ['a map of texts', textMap, {}, 7],
    ['a list of a, b', someOf(['a', 'b']), ['b'], ['c']],
    ['a list of a, b', someOf(['a', 'b']), [], 'a'],
    ['one of a, b', oneOf(['a', 'b']), 'b', 'c'],
    ['a whole number', count, 0, -1],
    ['a whole number', count, 7, 1.5],
    ['true or false', flag, false, 0],
    ['a text', text, '', 1],
  ])('that is to be %s is that, and nothing else', (wanted, kind, good, bad) => {
    expect(problemsOf({ member: good }, kind)).toEqual([]);
    expect(problemsOf({ member: bad }, kind)).toEqual({ problems: [`member must be ${wanted}`] });
  });

  it('is missing where only every object has it', () => {
    const read = (name: string) =>
      parseMembers({}, (members) => members.optional(name, text), refusal);

    expect(['toString', '__proto__', 'constructor'].map(read)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['a list', []],
    ['null', null],
    ['a text', 'text'],
    ['nothing', undefined],
  ])('is looked for in an object, not in %s', (_, source) => {
    expect(problemsOf(source, text)).toEqual({ problems: ['must be an object'] });
  });

  it('that is missing is stood in for until all problems are known', () => {
    const lengthOf = ({ required }: Members) =>
      required('name', text).length + required('scopes', texts).length;

    expect(contextOf(() => parseMembers({}, lengthOf, refusal))).toEqual({
      problems: ['name is missing', 'scopes is missing'],
    });
  });

  it('that is faulty leaves nothing of what stood in for it', () => {
    expect(() =>
      parseMembers({ member: 'x' }, (members) => members.required('member', flag), refusal),
    ).toThrow(Fault);
    expect(flag.substitute).toBe(false);
  });
});

/** Every word of a fixed list: the type tells when one is missing. */
const words = <Word extends string>(listed: Readonly<Record<Word, true>>) => Object.keys(listed);

describe('the words that stand in rows and messages', () => {
  it('are those of a state', () => {
    const all = words<ConnectionState>({ active: true, failing: true, needs_reauth: true });

    expect(all.filter((word) => !connectionState.accepts(word))).toEqual([]);
    expect(connectionState.accepts('revoked')).toBe(false);
  });

  it('are those of a reason', () => {
    const all = words<ReauthorizationReason>({
      grant_dead: true,
      answer_lost: true,
      no_renewal_credential: true,
      renewal_credential_expired: true,
    });

    expect(all.filter((word) => !reauthorizationReason.accepts(word))).toEqual([]);
  });

  it('are those of what a connection renews itself with', () => {
    const all = words<RenewalKind>({
      refresh_token: true,
      password: true,
      client_credentials: true,
    });

    expect(renewalKinds.accepts(all)).toBe(true);
    expect(renewalKinds.accepts(['authorization_code'])).toBe(false);
  });

  it('are those of where an expiry comes from', () => {
    const all = words<Schedule['expirySource']>({
      expires_in: true,
      expires_at: true,
      jwt: true,
      introspection: true,
      default: true,
      import: true,
      unknown: true,
    });

    expect(all.filter((word) => !expirySource.accepts(word))).toEqual([]);
  });

  it('are those of a warning', () => {
    const all = words<WarningCode>({
      refresh_failing: true,
      client_refused: true,
      outcome_unknown: true,
      recently_refreshed: true,
      renewal_expiring: true,
    });

    expect(all.filter((word) => !warningCode.accepts(word))).toEqual([]);
  });

  it('are those of when the end of a renewal is told next', () => {
    const all: readonly RemindDays[] = [30, 7, 1, 0];

    expect(all.filter((days) => !remindDays.accepts(days))).toEqual([]);
    expect([31, 8, -1, '7', undefined].filter(remindDays.accepts)).toEqual([]);
  });

  it('are those of how a refresh ended', () => {
    const all = words<RefreshReply['outcome']>({
      refreshed: true,
      fresh: true,
      in_progress: true,
      failing: true,
      needs_reauth: true,
      unknown_client: true,
      unknown_connection: true,
    });
    const reply = { client: 'acme', connection: 'ann', state: 'active' };

    expect(all.map((outcome) => parseRefreshReply({ ...reply, outcome }).outcome)).toEqual(all);
    expect(() => parseRefreshReply({ ...reply, outcome: 'done' })).toThrow(Fault);
  });
});
