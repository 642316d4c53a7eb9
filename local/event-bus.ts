import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { systemClock } from '../lib/time.ts';
import { type Reply, type RunningServer, startHttpServer } from './http-server.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** An event as a rule's target would get it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: '000000000000';
  readonly time: string;
  readonly region: 'us-east-1';
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** So many of the latest are kept. */
const keptEvents = 200;

/** What PutEvents takes at once. */
const maxBodyBytes = 256 * 1024 + 16_384;

const entrySchema = v.object({
  Source: v.pipe(v.string(), v.minLength(1)),
  DetailType: v.pipe(v.string(), v.minLength(1)),
  Detail: v.string(),
  EventBusName: v.optional(v.string()),
  Time: v.optional(v.number()),
  Resources: v.optional(v.array(v.string()), []),
});

const inputSchema = v.object({
  Entries: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(10)),
});

const stateSchema = v.object({ events: v.array(v.looseObject({ id: v.string() })) });

/**
 * Starts a stand-in for EventBridge: PutEvents in the service's own protocol (AWS JSON 1.1), and
 * `GET /events` for the latest, newest first. It has one bus under every name, and no rules.
 *
 * @param port - 0 for any free one.
 * @param stateFile - where events are kept; without one they end with the server.
 * @throws {Error} when the port is in use, or the state file is not ours.
 */
export function startEventBus({
  port,
  stateFile,
}: {
  readonly port: number;
  readonly stateFile?: string;
}): Promise<RunningServer> {
  let events = readState(stateFile);

  const putEvents = (body: Buffer): Reply => {
    const input = v.safeParse(inputSchema, parseJson(body.toString('utf8')));
    if (!input.success) {
      const [{ message }] = input.issues;
      return answer(400, { __type: 'ValidationException', message });
    }
    const results = input.output.Entries.map(readEntry);
    const taken = results.flatMap(({ event }) => (event ? [event] : []));
    if (taken.length > 0) {
      events = [...taken.toReversed(), ...events].slice(0, keptEvents);
      if (stateFile !== undefined) writeJsonFile(stateFile, { events });
    }
    return answer(200, {
      FailedEntryCount: results.length - taken.length,
      Entries: results.map(({ entry }) => entry),
    });
  };

  return startHttpServer(
    (request, body) => {
      if (request.method === 'GET' && request.url === '/events') return answer(200, { events });
      if (request.headers['x-amz-target'] === 'AWSEvents.PutEvents') return putEvents(body);
      return answer(400, {
        __type: 'UnknownOperationException',
        message: 'Only PutEvents is here.',
      });
    },
    { port, maxBodyBytes },
  );
}

/** One entry's own ending: the event, or why it is none. */
function readEntry(given: unknown): { readonly event?: BusEvent; readonly entry: object } {
  const parsed = v.safeParse(entrySchema, given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const ErrorMessage = `Parameter ${v.getDotPath(issue) ?? ''} is not valid.`;
    return { entry: { ErrorCode: 'InvalidArgument', ErrorMessage } };
  }
  const { Source, DetailType, Detail, Time, Resources } = parsed.output;
  const detail = parseJson(Detail);
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) {
    const ErrorMessage = 'Detail is malformed.';
    return { entry: { ErrorCode: 'MalformedDetail', ErrorMessage } };
  }
  const id = randomUUID();
  const event: BusEvent = {
    version: '0',
    id,
    'detail-type': DetailType,
    source: Source,
    account: '000000000000',
    time: new Date((Time ?? systemClock.now()) * 1000).toISOString(),
    region: 'us-east-1',
    resources: Resources,
    detail: { ...detail },
  };
  return { event, entry: { EventId: id } };
}

function readState(stateFile: string | undefined): readonly BusEvent[] {
  const state = stateFile === undefined ? undefined : readJsonFile(stateFile);
  if (state === undefined) return [];
  const parsed = v.safeParse(stateSchema, state);
  // Written by ourselves, so what has an id has the rest.
  if (parsed.success) return parsed.output.events as unknown as readonly BusEvent[];
  throw new Error(`${stateFile} does not hold events; move it away to start with none`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(status: number, body: object): Reply {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(body),
  };
}
