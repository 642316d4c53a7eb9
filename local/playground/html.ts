declare const safe: unique symbol;

/** Text that is HTML already: made by {@link html} only. */
export interface Html {
  readonly [safe]: true;
  readonly toString: () => string;
}

type Part = Html | readonly Html[] | string | number | undefined | false;

class Markup implements Html {
  declare readonly [safe]: true;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/**
 * A piece of HTML. What is put into it is escaped, unless it is such a piece itself; `undefined`
 * and `false` leave nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.map((string, index) => `${string}${write(parts[index])}`).join('');
  return new Markup(text);
}

function write(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.toString();
  if (Array.isArray(part)) return part.map(write).join('');
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
