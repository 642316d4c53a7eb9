import type { FunctionLog } from '../../lib/log.ts';
import { type RecordingLog, recordingLog } from './recording-log.ts';

/** The log of a function, in an array. */
export function recordingFunctionLog(): FunctionLog & RecordingLog {
  return { ...recordingLog(), begin: () => undefined, count: () => undefined };
}
