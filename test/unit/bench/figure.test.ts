import { describe, expect, it } from 'vitest';
import { describeFigures, medianOf } from '../../../bench/performance/figure.ts';

describe('a figure', () => {
  it('has the median and the spread of its runs, beside its floors', () => {
    const floor = { figure: 'vend.empty.cpu', unit: 'us', runs: [2, 4, 3] } as const;
    const figure = { figure: 'vend.cached.cpu', unit: 'us', runs: [9, 1, 6] } as const;

    const [, line] = describeFigures([floor, { ...figure, floors: [floor.figure] }], [0.5, 1]);

    expect(line).toEqual({
      ...figure,
      ...{ median: 6, min: 1, max: 9, load: [0.5, 1] },
      ratios: { 'vend.empty.cpu': 2 },
    });
  });

  it('has three digits that count', () => {
    const [line] = describeFigures(
      [{ figure: 'a.b.c', unit: 'ms', runs: [0.012345, 12.345, 12345.6] }],
      [0, 0],
    );

    expect(line).toMatchObject({ median: 12.3, min: 0.0123, max: 12_346 });
  });

  it('of an even number of runs has the mean of the two in the middle', () => {
    expect(medianOf([4, 1, 2, 9])).toBe(3);
  });
});
