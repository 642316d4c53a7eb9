import { describe, expect, it } from 'vitest';
import { type Reported, writeTables } from '../../../bench/performance/write-tables.ts';

const reported = (figure: string, median: number, more: Partial<Reported> = {}): Reported => ({
  ...{ figure, unit: 'us', median, min: median - 1, max: median + 1, runs: [median] },
  ...{ load: [0.5, 1], quick: false, measured_at: '2026-01-02T03:04:05.000Z' },
  machine: { processors: 2, model: 'A processor', memory_gib: 4, platform: 'linux x64' },
  versions: { node: 'v24.0.0', commit: 'abcdef0' },
  ...more,
});

const table = (name: string, text = 'old\n') => `<!-- figures: ${name} -->\n${text}<!-- end -->`;

describe('the tables of a page', () => {
  it('are filled between their marks, and nothing else is touched', () => {
    const figures = [
      reported('vend.cached.latency_p50', 50),
      reported('vend.cached.latency_p99', 90),
      reported('vend.cached.cpu', 60, { ratios: { 'vend.empty_handler.cpu': 3 } }),
    ];

    const written = writeTables(`before\n${table('vend')}\nafter`, figures);

    expect(written).toMatch(/^before\n<!-- figures: vend -->\n\|/);
    expect(written).toContain('| cached | 50 | 49 – 51 | 90 | 60 | 3 |  |\n<!-- end -->\nafter');
    expect(written).not.toContain('old');
  });

  it('stay as they are where their figures are not there', () => {
    const page = `${table('cold')}\n${table('costs')}`;

    expect(writeTables(page, [reported('vend.cached.cpu', 60)])).toBe(page);
  });

  it('say when they are no figures of speed', () => {
    const quick = [reported('vend.cached.cpu', 60, { quick: true })];

    expect(writeTables(table('machine'), quick)).toContain('--quick');
    expect(writeTables(table('machine'), [reported('a', 1)])).not.toContain('--quick');
  });

  it('that nobody knows are refused', () => {
    expect(() => writeTables(table('guesses'), [])).toThrow('guesses');
  });

  it('of costs multiply what a refresh consumes by how often it happens', () => {
    const units = [
      reported('units.refresh.small_credential.write', 5),
      reported('units.refresh.small_credential.read', 3),
    ];

    const [row = ''] =
      writeTables(table('costs'), units)
        .split('\n')
        .filter((line) => line.includes('| 1 h |')) ?? [];

    // A token of an hour is refreshed every 3,060 s: 327 a second of a million, five units each.
    expect(row).toContain('| 1 million | 1 h | 327 | 1,634 | 111 |');
    // 847 million a month: 5 × 0.625 and 3 × 0.125 of a millionth of a dollar each.
    expect(row).toContain('| $2,965 |');
  });
});
