import * as v from 'valibot';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { readStrictly } from '../../lib/read-strictly.ts';
import { type Api, connectionPath, openApi } from '../api.ts';
import { type Ending, Failure, usageFailure } from '../failure.ts';
import { parseJson, readInput } from '../input.ts';
import { findConnection } from '../list-connections.ts';
import { parseAddress } from '../operands.ts';
import type { Session } from '../session.ts';
import { workThrough } from '../work.ts';

/** One line of the file. Its tokens are checked where they are kept, by the rules of `PUT`. */
const importLine = v.strictObject({
  client: v.string(),
  connection: v.string(),
  access_token: v.optional(v.string()),
  refresh_token: v.optional(v.string()),
  expires_at: v.optional(v.number()),
  scope: v.optional(v.string()),
  params: v.optional(v.record(v.string(), v.string())),
});

interface Imported {
  readonly line: number;
  readonly key: ConnectionKey;
  readonly body: object;
}

const lanes = 4;
/** How often an answer that says "later" is waited for, and at most how long each time. */
const tries = 3;
const longestWaitSeconds = 30;

/**
 * Brings connections whose tokens were obtained elsewhere. The whole file is read and checked before
 * the first one is sent. What is there already is left alone, so that the same command goes on
 * where it was ended.
 */
export async function importConnections(
  session: Session,
  file: string | undefined,
  { overwrite }: { readonly overwrite?: true },
): Promise<Ending | undefined> {
  const items = parseLines(await readInput(file, session.input));
  const api = await openApi(session);
  const counts = { imported: 0, skipped: 0 };
  const failed: { line: number; connection: string; error: string; problem: string }[] = [];
  const left = await workThrough(session, {
    items,
    what: 'connections',
    lanes,
    perform: async ({ line, key, body }) => {
      try {
        if (!overwrite && (await findConnection(api, key))) counts.skipped += 1;
        else {
          await put(session, api, { key, body });
          counts.imported += 1;
        }
      } catch (error) {
        if (!(error instanceof Failure) || error.ending === 'denied') throw error;
        const { error: code, error_description: problem } = error.report;
        failed.push({ line, connection: keyText(key), error: code, problem });
      }
    },
  });
  const lines = [
    `${counts.imported} imported, ${counts.skipped} there already, ${failed.length} failed, ${left} not begun`,
    ...failed.map(({ line, connection, problem }) => `line ${line}, ${connection}: ${problem}`),
    ...(left > 0 ? ['The same command goes on with the rest.'] : []),
  ];
  session.print.result({ ...counts, failed, left }, lines.join('\n'));
  if (left > 0) return 'interrupted';
  return failed.length > 0 ? 'failed' : undefined;
}

async function put(
  { clock, interruption }: Session,
  api: Api,
  { key, body }: Pick<Imported, 'key' | 'body'>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await api.call('PUT', connectionPath(key), body);
      return;
    } catch (error) {
      const isLater = error instanceof Failure && error.ending === 'later';
      if (!isLater || attempt === tries || interruption.aborted) throw error;
      const { retry_after } = error.report;
      const wait = typeof retry_after === 'number' ? retry_after : 2 ** attempt;
      await clock.sleep(Math.min(wait, longestWaitSeconds) * 1000);
    }
  }
}

/** @throws {Failure} `usage` naming each line at fault and repeating nothing of it. */
function parseLines(text: string): readonly Imported[] {
  const lines = text.trimStart().startsWith('[') ? parseList(text) : parseJsonLines(text);
  const problems: string[] = [];
  const items: Imported[] = [];
  const seen = new Map<string, number>();
  for (const { line, value } of lines) {
    const reading = readStrictly(importLine, value);
    if (reading.outcome === 'refused') {
      problems.push(...reading.problems.map((problem) => `line ${line}: ${problem}`));
      continue;
    }
    const { client, connection, params, ...tokens } = reading.value;
    const key = readKey(`${client}/${connection}`);
    const before = key && seen.get(keyText(key));
    if (!key) problems.push(`line ${line}: client and connection are not well formed`);
    else if (before) problems.push(`line ${line}: the same connection as line ${before}`);
    else {
      seen.set(keyText(key), line);
      items.push({ line, key, body: { import: tokens, ...(params && { params }) } });
    }
  }
  if (problems.length === 0) return items;
  throw new Failure('usage', {
    error: 'usage',
    error_description: 'nothing was imported: the file is not valid',
    problems,
  });
}

function readKey(address: string): ConnectionKey | undefined {
  try {
    return parseAddress(address);
  } catch {
    return undefined;
  }
}

interface Line {
  readonly line: number;
  readonly value: unknown;
}

function parseList(text: string): readonly Line[] {
  const list = parseJson(text, 'the file');
  if (!Array.isArray(list)) throw usageFailure('the file is no JSON list');
  return list.map((value, index) => ({ line: index + 1, value }));
}

function parseJsonLines(text: string): readonly Line[] {
  return text
    .split('\n')
    .flatMap((given, index) =>
      given.trim() === ''
        ? []
        : [{ line: index + 1, value: parseJson(given, `line ${index + 1}`) }],
    );
}
