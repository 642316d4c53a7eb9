import assert from 'node:assert/strict';
import { type FaultCode, isFault } from '../../lib/fault.ts';

/**
 * What a parser makes of an input, or undefined where it refuses it as it should.
 *
 * @throws when it throws anything but this fault, or a fault that names nothing.
 */
export function readOrRefused<Value>(code: FaultCode, parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    assertRefusal(code, error);
    return undefined;
  }
}

/** Of a parser that answers later. */
export async function readOrRefusedLater<Value>(
  code: FaultCode,
  parse: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await parse();
  } catch (error) {
    assertRefusal(code, error);
    return undefined;
  }
}

function assertRefusal(code: FaultCode, error: unknown): void {
  if (!isFault(error)) throw error;
  assert.equal(error.code, code);
  assert.equal('cause' in error, false);
  if ('problems' in error.context) assert.ok(error.context.problems.length > 0);
}

/** No input may leave anything on what every object inherits. */
export function assertPrototypesUntouched(): void {
  assert.deepEqual(Reflect.ownKeys(Object.prototype), untouched);
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
}

const untouched = Reflect.ownKeys(Object.prototype);
