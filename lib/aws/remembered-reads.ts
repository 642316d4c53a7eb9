import type { Clock, Seconds } from '../time.ts';

/**
 * A read that remembers its answers.
 *
 * @param fresh - asks again whatever is remembered, and joins no read that began before.
 */
export type RememberedRead<Key, Value> = (
  key: Key,
  options?: { readonly fresh?: boolean },
) => Promise<Value>;

interface Remembered<Value> {
  readonly value: Value;
  readonly readAt: number;
}

/**
 * Remembers each answer for a while. Callers that ask for one key at once share one read. A failure
 * is not remembered.
 *
 * @param options.age - how old an answer may be.
 */
export function rememberedReads<Key, Value>(
  read: (key: Key) => Promise<Value>,
  { clock, age }: { readonly clock: Clock; readonly age: Seconds },
): RememberedRead<Key, Value> {
  const remembered = new Map<Key, Remembered<Value>>();
  const flights = new Map<Key, Promise<Value>>();

  const begin = (key: Key): Promise<Value> => {
    const readAt = clock.now();
    const flight: Promise<Value> = read(key)
      .then((value) => {
        // A read that began later knows better.
        if (flights.get(key) === flight) remembered.set(key, { value, readAt });
        return value;
      })
      .finally(() => {
        if (flights.get(key) === flight) flights.delete(key);
      });
    flights.set(key, flight);
    return flight;
  };

  return async (key, { fresh = false } = {}) => {
    if (fresh) return begin(key);
    const known = remembered.get(key);
    const ageNow = known ? clock.now() - known.readAt : 0;
    // A wall clock may jump back; then the age is unknown.
    if (known && ageNow >= 0 && ageNow < age) return known.value;
    return flights.get(key) ?? begin(key);
  };
}
