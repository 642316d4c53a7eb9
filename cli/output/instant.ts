/** An instant for a person: ISO 8601, UTC, to the second; nothing for none. */
export function formatInstant(epochSeconds: unknown): string {
  if (typeof epochSeconds !== 'number') return '';
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** A length of time for a person: the two largest units that it has. */
export function formatDuration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
