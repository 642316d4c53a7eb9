import { systemClock } from '../../lib/time.ts';

/** Now, in epoch seconds. */
export function nowSeconds(): number {
  return systemClock.now();
}

/** Waits for `seconds`. */
export function pass(seconds: number): Promise<void> {
  return systemClock.sleep(seconds * 1000);
}

/** Asks until the answer is yes. @throws {Error} naming `what` after `limitSeconds`. */
export async function waitUntil(
  what: string,
  limitSeconds: number,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  const endMs = performance.now() + limitSeconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitSeconds} s: ${what}`);
    await pass(0.05);
  }
}
