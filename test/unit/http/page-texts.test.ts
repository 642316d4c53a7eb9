import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import { builtIn, chooseWords, english, fillText } from '../../../lib/http/page-texts.ts';
import { parsePageTexts } from '../../../lib/http/parse-page-texts.ts';

const readJson = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8'));
const schema = readJson('page-texts.schema.json');
const isBySchema = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);

/** The problems that a refusal names. */
function problemsOf(file: unknown): readonly string[] {
  try {
    parsePageTexts(file);
    return [];
  } catch (error) {
    if (isFault(error) && error.code === 'CONFIGURATION_INVALID') return error.context.problems;
    throw error;
  }
}

const page = { title: 'Titel', text: 'Text.' };
const german = {
  ...Object.fromEntries(Object.keys(english).map((name) => [name, page])),
  labels: { provider: 'Anbieter', connection: 'Verbindung', reason: 'Grund' },
};

describe('page-texts.json', () => {
  it('as shipped changes nothing', () => {
    expect(parsePageTexts(readJson('page-texts.json'))).toEqual(builtIn);
    expect(parsePageTexts({})).toEqual(builtIn);
  });

  it('changes single English texts, and leaves the others', () => {
    const connected = { title: '{provider} is connected to Acme' };

    const { texts } = parsePageTexts({ languages: { en: { connected } } });

    expect(texts.get('en')).toEqual({
      ...english,
      connected: { ...english.connected, ...connected },
    });
  });

  it('adds languages, one of which may be the default', () => {
    const { preset, texts } = parsePageTexts({ default_language: 'de', languages: { de: german } });

    expect(preset).toBe('de');
    expect([...texts.keys()].sort()).toEqual(['de', 'en']);
    expect(texts.get('de')).toEqual(german);
  });

  const { labels: _, ...withoutLabels } = german;
  it.each<[string, unknown]>([
    ['languages.en.conected', { languages: { en: { conected: page } } }],
    ['languages.en.connected.html', { languages: { en: { connected: { html: 'x' } } } }],
    ['languages.en.connected.title', { languages: { en: { connected: { title: ' ' } } } }],
    ['languages.en.connected.title', { languages: { en: { connected: { title: '{name}' } } } }],
    ['languages.en.connected.title', { languages: { en: { connected: { title: 'a } b' } } } }],
    [
      'languages.en.already_used.text',
      { languages: { en: { already_used: { text: '{client}' } } } },
    ],
    ['languages.en.denied.text', { languages: { en: { denied: { text: 'x'.repeat(501) } } } }],
    ['languages.en.labels.reason', { languages: { en: { labels: { reason: 7 } } } }],
    ['languages.de.labels', { languages: { de: withoutLabels } }],
    ['languages.de.denied.title', { languages: { de: { ...german, denied: { text: 'x' } } } }],
    ['languages', { languages: { 'not a language': german } }],
    ['languages', { languages: [] }],
    ['languages.en', { languages: { en: [] } }],
    ['languages.en.denied', { languages: { en: { denied: [] } } }],
    ['default_language', { default_language: 'German' }],
    ['default_language', { default_language: 'de' }],
    ['language', { language: 'de' }],
  ])('is refused with %s named: %j', (member, file) => {
    expect(problemsOf(file)).toEqual([
      expect.stringMatching(new RegExp(`^page-texts\\.json: ${member}\\b`)),
    ]);
    // Only that the default is there is more than a schema can say.
    expect(isBySchema(file)).toBe(JSON.stringify(file) === '{"default_language":"de"}');
  });

  it('is read just where its schema allows it', () => {
    const text = fc.constantFrom('x', '', ' ', '{provider}', '{x}', '{', '<b>', 'x'.repeat(501));
    const texts = fc.record({ title: text, text }, { requiredKeys: [] });
    const names = Object.keys(english);
    const whole = fc.record(Object.fromEntries(names.map((name) => [name, texts])));
    const some = fc.dictionary(
      fc.constantFrom(...names, 'other'),
      fc.oneof(texts, fc.constant([])),
    );
    const languages = fc.dictionary(
      fc.constantFrom('en', 'de', 'pt-BR', 'x'),
      fc.oneof(some, whole, fc.constant(german)),
    );

    fc.assert(
      fc.property(fc.record({ languages }, { requiredKeys: [] }), (file) => {
        expect(isBySchema(file)).toBe(problemsOf(file).length === 0);
      }),
      { examples: [[{ languages: { de: german, en: { denied: { text: '{client}' } } } }]] },
    );
  });

  it('has a schema that tells each text, and what is built in', () => {
    const told = Object.entries<{ properties: object }>(schema.$defs.texts.properties).map(
      ([name, { properties }]) => [
        name,
        Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, value.default])),
      ],
    );

    expect(Object.fromEntries(told)).toEqual(english);
  });
});

describe('the built-in texts', () => {
  it('pass the rules for all others', () => {
    expect(problemsOf({ languages: { en: english, de: english } })).toEqual([]);
  });
});

describe('the language of a visit', () => {
  const languages = parsePageTexts({ languages: { de: german, 'pt-BR': german } });

  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['de', 'de'],
    ['DE-at', 'de'],
    ['fr, de;q=0.8, en;q=0.9', 'en'],
    ['fr, de;q=0.9, en;q=0.8', 'de'],
    ['pt', 'pt-BR'],
    ['fr', 'en'],
    ['de;q=0', 'en'],
    ['\u0000;;q=,,=', 'en'],
  ])('for %j is %s (RFC 9110 §12.5.4)', (header, language) => {
    expect(chooseWords(languages, header).language).toBe(language);
  });

  it('is one that there are texts in, whatever a browser sends', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const { language, texts } = chooseWords(languages, header);

        expect(languages.texts.get(language)).toBe(texts);
      }),
    );
  });
});

describe('a placeholder', () => {
  it('is filled in once, and only where there is a value for it', () => {
    const values = { provider: '{client}', client: 'acme' };

    expect(fillText('{provider} {client} {constructor} {', values)).toBe(
      '{client} acme {constructor} {',
    );
  });
});
