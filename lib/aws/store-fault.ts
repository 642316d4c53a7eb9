import { Fault, isFault } from '../fault.ts';

/** Which call it was, for the fault: `connections`, `acquire`. */
export interface StoreCall {
  readonly store: string;
  readonly operation: string;
}

/**
 * Makes one call of an AWS service.
 *
 * @throws {Fault} `STORE_UNAVAILABLE` for whatever the SDK throws, with the error's name and nothing
 *   else of it: its message may quote an item, and its `$response` holds one.
 */
export async function calling<Answer>(
  call: StoreCall,
  send: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    throw storeFault(call, error);
  }
}

/** The fault for an error of the SDK; a fault of our own stays what it is. */
export function storeFault(call: StoreCall, error: unknown): Fault {
  if (isFault(error)) return error;
  return new Fault('STORE_UNAVAILABLE', { ...call, reason: errorName(error) });
}

/** The SDK's name for an error, such as `ThrottlingException`. */
export function errorName(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^[A-Za-z0-9_.]{1,80}$/.test(name) ? name : 'unknown';
}
