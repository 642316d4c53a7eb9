import { describe, expect, it } from 'vitest';
import { attributes } from '../../../lib/aws/expression.ts';
import { parseAddressedRow, parseKeyText } from '../../../lib/aws/row.ts';
import { calling, errorName } from '../../../lib/aws/store-fault.ts';
import { buildTokenRow, parseTokenRow } from '../../../lib/aws/token-row.ts';
import { Fault } from '../../../lib/fault.ts';
import { aKey, aStoredToken, at } from '../../support/connections.ts';

describe('the key of a row', () => {
  it('is the address of a connection', () => {
    expect(parseKeyText('acme/ann')).toEqual(aKey());
  });

  it.each([
    ['of a client alone', 'acme'],
    ['with a name that no client has', 'ACME/ann'],
    ['with an id that no connection has', 'acme/.ann'],
    ['with more after it', 'acme/ann/more'],
    ['that is empty', ''],
  ])('%s is none', (_, key) => {
    expect(parseKeyText(key)).toBeUndefined();
    expect(() => parseAddressedRow('connections', attributes({ pk: key }), () => 1)).toThrow(
      expect.objectContaining({
        code: 'ROW_INVALID',
        context: { table: 'connections', key, problems: ['pk must be client/connection'] },
      }),
    );
  });
});

it('a row without a key, or with a number for one, is refused like any other', () => {
  for (const item of [{}, { pk: { N: '1' } }]) {
    expect(() => parseAddressedRow('connections', item, () => 1)).toThrow(
      expect.objectContaining({
        code: 'ROW_INVALID',
        context: { table: 'connections', key: '', problems: ['pk must be client/connection'] },
      }),
    );
  }
});

describe('a token’s row', () => {
  it('without a state is refused, naming that', () => {
    const { state: _none, ...row } = buildTokenRow(aStoredToken());

    expect(() => parseTokenRow('tokens', attributes(row))).toThrow(
      expect.objectContaining({
        context: expect.objectContaining({ problems: ['state is missing'] }),
      }),
    );
  });

  it('has no more of a warning than its code and its moment', () => {
    const warning = { code: 'refresh_failing', since: at(1), detail: 'CANARY' } as const;

    expect(buildTokenRow(aStoredToken({ warning })).warning).toEqual({
      code: 'refresh_failing',
      since: at(1),
    });
  });
});

describe('the fault of a call', () => {
  it.each([
    [
      'names the SDK’s error',
      Object.assign(new Error('CANARY'), { name: 'Throttling.X_1' }),
      'Throttling.X_1',
    ],
    ['names no error that is none', { name: 'ThrottlingException' }, 'unknown'],
    ['names none that is nothing', undefined, 'unknown'],
    ['names none with other characters', Object.assign(new Error('x'), { name: 'a b' }), 'unknown'],
    [
      'names none that is longer',
      Object.assign(new Error('x'), { name: 'e'.repeat(81) }),
      'unknown',
    ],
    ['names none without a name', Object.assign(new Error('x'), { name: '' }), 'unknown'],
  ])('%s', (_, error, name) => {
    expect(errorName(error)).toBe(name);
  });

  it('is one of ours where one of ours was thrown', async () => {
    const fault = new Fault('REQUEST_INVALID', { problems: ['x'] });
    const send = async (): Promise<never> => {
      throw fault;
    };

    await expect(calling({ store: 's', operation: 'o' }, send)).rejects.toBe(fault);
  });
});
