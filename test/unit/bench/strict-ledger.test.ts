import { describe, expect, it } from 'vitest';
import { strictLedger } from '../../../bench/stack/strict-ledger.ts';

describe('a strictly rotating provider (RFC 9700 §4.14.2)', () => {
  it('replaces both tokens, and takes only the newest', () => {
    const ledger = strictLedger();
    const first = ledger.issue('ann');

    const second = ledger.rotate(first.refresh_token);

    expect(second?.refresh_token).not.toBe(first.refresh_token);
    expect(ledger.state('ann')).toEqual({
      family: 'ann',
      refreshed: 1,
      access_token: second?.access_token,
    });
  });

  it('ends the whole grant when a refresh token is used again', () => {
    const ledger = strictLedger();
    const first = ledger.issue('ann');
    const second = ledger.rotate(first.refresh_token);

    expect(ledger.rotate(first.refresh_token)).toBeUndefined();
    expect(ledger.state('ann').access_token).toBeUndefined();
    expect(ledger.rotate(second?.refresh_token ?? '')).toBeUndefined();
  });

  it('ends no other grant, and knows nothing of a token that it has not issued', () => {
    const ledger = strictLedger();
    const ann = ledger.issue('ann');
    const bob = ledger.issue('bob');
    ledger.rotate(ann.refresh_token);
    ledger.rotate(ann.refresh_token);

    expect(ledger.state('bob').access_token).toBe(bob.access_token);
    expect(ledger.familyOf(ann.refresh_token)).toBe('ann');
    expect(ledger.familyOf('made up')).toBeUndefined();
    expect(ledger.rotate('made up')).toBeUndefined();
  });
});
