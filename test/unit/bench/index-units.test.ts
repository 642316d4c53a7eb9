import { describe, expect, it } from 'vitest';
import { countIndexUnits, type Index } from '../../../bench/stack/index-units.ts';

const index: Index = { name: 'due', keys: ['shard', 'refresh_at'], projected: ['state'] };
const item = { pk: { S: 'a' }, shard: { N: '1' }, refresh_at: { N: '5' }, state: { S: 'active' } };
const { shard: _none, ...outside } = item;

describe('what a write costs in an index', () => {
  it('is one unit for an entry that comes or goes', () => {
    expect(countIndexUnits(index, undefined, item)).toBe(1);
    expect(countIndexUnits(index, outside, item)).toBe(1);
    expect(countIndexUnits(index, item, outside)).toBe(1);
    expect(countIndexUnits(index, item, undefined)).toBe(1);
  });

  it('is two for one that moves', () => {
    expect(countIndexUnits(index, item, { ...item, refresh_at: { N: '6' } })).toBe(2);
  });

  it('is one for what is projected, and none for the rest', () => {
    expect(countIndexUnits(index, item, { ...item, state: { S: 'failing' } })).toBe(1);
    expect(countIndexUnits(index, item, { ...item, lease: { S: 'mine' } })).toBe(0);
    expect(
      countIndexUnits({ ...index, projected: 'ALL' }, item, { ...item, lease: { S: 'mine' } }),
    ).toBe(1);
  });

  it('is none for an item that is not in it', () => {
    expect(countIndexUnits(index, outside, { ...outside, state: { S: 'failing' } })).toBe(0);
    expect(countIndexUnits(index, undefined, outside)).toBe(0);
  });
});
