import * as v from 'valibot';
import { Fault } from '../fault.ts';
import { jsonObject } from '../json-object.ts';
import { readStrictly } from '../read-strictly.ts';
import {
  endings,
  english,
  type Languages,
  labels,
  type PageTexts,
  placeholders,
  strays,
} from './page-texts.ts';

const mostCharacters = 500;

/** A text without markup: what looks like it is shown as it stands. */
const textOf = (pattern: RegExp, problem: string) =>
  v.pipe(
    v.string(),
    v.regex(/\S/, 'must not be empty'),
    v.maxLength(mostCharacters, `must be at most ${mostCharacters} characters`),
    v.regex(pattern, problem),
  );
const plainText = textOf(/^[^{}]*$/, 'must have no braces');
const endingText = textOf(
  new RegExp(`^([^{}]|\\{(${placeholders.join('|')})\\})*$`),
  `must have nothing between braces but ${placeholders.join(', ')}`,
);

type Entries = Readonly<Record<string, typeof plainText>>;

/** Each page by its name, with what its texts may be. */
const pages: Readonly<Record<string, Entries>> = {
  ...Object.fromEntries(endings.map((name) => [name, { title: endingText, text: endingText }])),
  ...Object.fromEntries(strays.map((name) => [name, { title: plainText, text: plainText }])),
  labels: Object.fromEntries(labels.map((name) => [name, plainText])),
};

/** English is there already: a part of it is enough. */
const changes = jsonObject(
  v.strictObject(
    mapValues(pages, (entries) =>
      v.optional(jsonObject(v.strictObject(mapValues(entries, (entry) => v.optional(entry))))),
    ),
  ),
);
/** Another language is there whole, so that no page speaks two. */
const whole = jsonObject(
  v.strictObject(mapValues(pages, (entries) => jsonObject(v.strictObject(entries)))),
);

const languageTag = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag, such as de or pt-BR'),
);

const fileSchema = jsonObject(
  v.strictObject({
    $schema: v.optional(v.string()),
    default_language: v.optional(languageTag, 'en'),
    languages: v.optional(jsonObject(v.objectWithRest({ en: v.optional(changes, {}) }, whole)), {}),
  }),
);

/**
 * Reads the texts that were deployed.
 *
 * @param input - `page-texts.json`.
 * @throws {Fault} `CONFIGURATION_INVALID` naming each faulty member.
 */
export function parsePageTexts(input: unknown): Languages {
  const reading = readStrictly(fileSchema, input);
  if (reading.outcome === 'refused') throw refusal(reading.problems);
  const { default_language: preset, languages } = reading.value;
  const tags = [...new Set(['en', ...Object.keys(languages)])];
  const odd = tags.filter((tag) => !v.is(languageTag, tag));
  if (odd.length > 0) throw refusal(['languages must be named by tags, such as de or pt-BR']);
  if (!tags.includes(preset)) throw refusal(['default_language must be en or one of languages']);
  const texts = tags.map((tag) => {
    const given: Given = Object.hasOwn(languages, tag) ? (languages[tag] ?? {}) : {};
    return [tag, overlay(given)] as const;
  });
  return { preset, texts: new Map(texts) };
}

type Given = Readonly<Record<string, Readonly<Record<string, string | undefined>> | undefined>>;

/** The built-in texts with those that are given in their place. */
function overlay(given: Given): PageTexts {
  const merged = Object.entries(english).map(([name, page]) => [name, { ...page, ...given[name] }]);
  return Object.fromEntries(merged);
}

function refusal(problems: readonly string[]): Fault<'CONFIGURATION_INVALID'> {
  return new Fault('CONFIGURATION_INVALID', {
    problems: problems.map((problem) => `page-texts.json: ${problem}`),
  });
}

function mapValues<From, To>(
  members: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));
}
