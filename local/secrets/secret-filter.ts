import * as v from 'valibot';
import type { SecretRecord } from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

/** One filter of ListSecrets: the secret fits if one of the values does. */
export interface SecretFilter {
  readonly Key: keyof typeof subjects;
  readonly Values: readonly string[];
}

/** What each filter looks at. */
const subjects = {
  name: ({ name }: SecretRecord) => [name],
  description: ({ description }: SecretRecord) => [description ?? ''],
  'tag-key': ({ tags }: SecretRecord) => tags.map(({ Key }) => Key ?? ''),
  'tag-value': ({ tags }: SecretRecord) => tags.map(({ Value }) => Value ?? ''),
  all: (secret: SecretRecord) => [
    secret.name,
    secret.description ?? '',
    ...secret.tags.flatMap(({ Key, Value }) => [Key ?? '', Value ?? '']),
  ],
} as const satisfies Readonly<Record<string, (secret: SecretRecord) => readonly string[]>>;

const filtersSchema = v.optional(
  v.pipe(
    v.array(
      v.object({
        Key: v.picklist(['name', 'description', 'tag-key', 'tag-value', 'all']),
        Values: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10)),
      }),
    ),
    v.maxLength(10),
  ),
  [],
);

/**
 * Reads the filters of a request.
 *
 * @throws {SecretsRefusal} `InvalidParameterException`
 */
export function parseFilters(input: unknown): readonly SecretFilter[] {
  const parsed = v.safeParse(filtersSchema, input);
  if (parsed.success) return parsed.output;
  throw new SecretsRefusal('InvalidParameterException', 'The Filters value is invalid.');
}

/** Whether a secret passes every filter. */
export function fitsFilters(secret: SecretRecord, filters: readonly SecretFilter[]): boolean {
  return filters.every(({ Key, Values }) => {
    const texts = subjects[Key](secret);
    return Values.some((value) => fits(texts, value, Key !== 'description' && Key !== 'all'));
  });
}

/** Values match the beginning of a text; `!` before a value negates it. */
function fits(texts: readonly string[], value: string, caseSensitive: boolean): boolean {
  if (value.startsWith('!')) return !fits(texts, value.slice(1), caseSensitive);
  return texts.some((text) =>
    caseSensitive ? text.startsWith(value) : text.toLowerCase().startsWith(value.toLowerCase()),
  );
}
