import { createHash } from 'node:crypto';

/** Secrets of a run, and where they are found again. */
export interface Canaries {
  /** Makes a new secret that is easily told from everything else. */
  readonly draw: (kind: string) => string;
  /** Counts a secret that was drawn elsewhere as one of ours. */
  readonly add: (kind: string, secret: string) => void;
  /** The kinds of the secrets that stand in a text, as they are or in the clothes programs put on them. */
  readonly foundIn: (text: string) => readonly string[];
}

export function canaries(): Canaries {
  const clothes = new Map<string, readonly string[]>();
  let drawn = 0;
  const add = (kind: string, secret: string) => {
    if (secret.length < 8) throw new RangeError('too short to be told from other text');
    drawn += 1;
    clothes.set(`${kind} ${drawn}`, clothesOf(secret));
  };
  return {
    add,
    draw: (kind) => {
      const characters = createHash('sha256').update(String(drawn)).digest('hex').slice(0, 24);
      const secret = `canary-${kind}-${characters}`;
      add(kind, secret);
      return secret;
    },
    foundIn: (text) =>
      [...clothes].flatMap(([name, forms]) =>
        forms.some((form) => text.includes(form)) ? [name] : [],
      ),
  };
}

function clothesOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const forms = [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(forms)];
}

/** The characters that the secret alone decides when it stands so many bytes behind the start. */
function base64Within(secret: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), secret])
    .toString('base64')
    .replaceAll('=', '');
  return whole.slice(offset === 0 ? 0 : offset + 1, -1);
}
