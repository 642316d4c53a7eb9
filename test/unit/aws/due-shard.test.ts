import { describe, expect, it } from 'vitest';
import { dueShard } from '../../../lib/aws/due-shard.ts';
import { aKey } from '../../support/connections.ts';

describe('dueShard', () => {
  it('is the first four bytes of SHA-256 of the key, big endian, modulo the number of shards', () => {
    // printf hurma-acme/ann | sha256sum begins with 6cd827a5.
    expect(dueShard(aKey('ann', 'hurma-acme'), 8)).toBe(0x6cd827a5 % 8);
    expect(dueShard(aKey('ann', 'hurma-acme'), 1000)).toBe(0x6cd827a5 % 1000);
  });

  it('spreads connections over every shard', () => {
    const shards = Array.from({ length: 400 }, (_, index) => dueShard(aKey(`c${index}`), 8));

    const counts = Array.from(
      { length: 8 },
      (_, shard) => shards.filter((found) => found === shard).length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(20);
    expect(Math.max(...counts)).toBeLessThan(100);
  });
});
