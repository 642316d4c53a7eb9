import { isFault } from '../../../lib/fault.ts';

/** Why a value did not open. */
export async function reasonOf(opening: Promise<unknown>): Promise<string> {
  const fault = await opening.catch((error: unknown) => error);
  if (isFault(fault) && fault.code === 'SEALED_VALUE_INVALID') return fault.context.reason;
  throw new Error(`it should not have opened: ${String(fault)}`);
}
