import { describe, expect, it } from 'vitest';
import { formatDuration, formatInstant } from '../../cli/output/instant.ts';
import { createProgress } from '../../cli/output/progress.ts';
import { formatMembers, formatTable } from '../../cli/output/table.ts';
import { workThrough } from '../../cli/work.ts';
import { keepingStream } from '../support/evergrant.ts';
import { movingClock } from '../support/moving-clock.ts';

describe('text', () => {
  it('of a table is as wide as its widest cells, without blanks at line ends', () => {
    const table = formatTable(
      ['NAME', 'STATE'],
      [
        ['ann', 'active'],
        ['a-long-name', ''],
      ],
    );

    expect(table).toBe('NAME         STATE\nann          active\na-long-name');
  });

  it('of members leaves out what there is none of', () => {
    expect(formatMembers({ a: '1', none: undefined, long: '2' })).toBe('a     1\nlong  2');
  });

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [3600, '1 h'],
    [90_061, '1 d 1 h'],
  ])('of %i seconds is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('of an instant is ISO 8601 in UTC, and empty for none', () => {
    expect(formatInstant(1_795_364_064)).toBe('2026-11-22T16:14:24Z');
    expect(formatInstant(undefined)).toBe('');
  });
});

describe('long work', () => {
  const shown = async (isTTY: boolean, interruption = new AbortController()) => {
    const clock = movingClock();
    const notes = keepingStream(isTTY);
    const done: number[] = [];
    const left = await workThrough(
      {
        progress: (what) => createProgress(notes.stream, clock, what),
        interruption: interruption.signal,
      },
      {
        items: Array.from({ length: 10 }, (_, index) => index),
        what: 'things',
        lanes: 1,
        perform: async (item) => {
          await clock.advance(2000);
          done.push(item);
          if (item === 6) interruption.abort();
        },
      },
    );
    return { left, done, text: notes.text() };
  };

  it('says now and then how far it is, how fast, and how long it takes', async () => {
    const { text } = await shown(false);

    expect(text.split('\n').slice(0, 2)).toEqual([
      '3/10 things, 0.5/s, 14 s left',
      '6/10 things, 0.5/s, 8 s left',
    ]);
  });

  it('shows a bar on a terminal', async () => {
    const { text } = await shown(true);

    expect(text).toContain('| 7/10 things | 0.5/s | 6 s left');
  });

  it('finishes the item at hand when it is interrupted, and tells what is left', async () => {
    const { left, done, text } = await shown(false);

    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(left).toBe(3);
    expect(text).toMatch(/7\/10 things, 0\.5\/s, 6 s left\n$/);
  });

  it('lets the other lanes end when one fails, and throws what failed', async () => {
    const clock = movingClock();
    const ended: number[] = [];

    const working = workThrough(
      {
        progress: (what) => createProgress(keepingStream().stream, clock, what),
        interruption: new AbortController().signal,
      },
      {
        items: [0, 1, 2, 3],
        what: 'things',
        lanes: 2,
        perform: async (item) => {
          if (item === 0) throw new Error('the first one');
          await Promise.resolve();
          ended.push(item);
        },
      },
    );

    await expect(working).rejects.toThrow('the first one');
    expect(ended).toEqual([1]);
  });
});
