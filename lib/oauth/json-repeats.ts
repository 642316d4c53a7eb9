/** A JSON text in pieces: a string, one of the six signs, or another literal (RFC 8259 §2). */
const piece = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

/** The object or list that the scan is in. */
interface Level {
  readonly path: string;
  /** The names seen so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** The name or the index of the member that the scan is at. */
  at: string | number;
}

/**
 * Lists the members that one object of a JSON text has more than once, as dotted paths.
 *
 * RFC 8259 §4 leaves open which of two equal names counts; a parser in front of us may have judged
 * by the other one. `JSON.parse` silently keeps the last.
 *
 * @param json - a text that `JSON.parse` accepts.
 */
export function listRepeatedMembers(json: string): readonly string[] {
  const repeated: string[] = [];
  const levels: Level[] = [];
  let lastString = '';
  for (const [text] of json.matchAll(piece)) {
    const level = levels.at(-1);
    if (text === '{' || text === '[') {
      const path = level === undefined ? '' : `${level.path}${level.at}.`;
      levels.push({ path, names: text === '{' ? new Set() : undefined, at: text === '{' ? '' : 0 });
    } else if (text === '}' || text === ']') {
      levels.pop();
    } else if (text === ',' && typeof level?.at === 'number') {
      level.at += 1;
    } else if (text === ':' && level?.names) {
      const name: string = JSON.parse(lastString);
      level.at = name;
      if (level.names.has(name)) repeated.push(`${level.path}${name}`);
      level.names.add(name);
    } else if (text.startsWith('"')) {
      lastString = text;
    }
  }
  return repeated;
}
