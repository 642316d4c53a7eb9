import { randomInt } from 'node:crypto';
import * as v from 'valibot';
import { defineOperation, type Operations } from './operation.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

const flag = v.optional(v.boolean(), false);

const getRandomPassword = defineOperation(
  v.object({
    PasswordLength: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096)),
      32,
    ),
    ExcludeCharacters: v.optional(v.string(), ''),
    ExcludeNumbers: flag,
    ExcludePunctuation: flag,
    ExcludeUppercase: flag,
    ExcludeLowercase: flag,
    IncludeSpace: flag,
    RequireEachIncludedType: v.optional(v.boolean(), true),
  }),
  (_secrets, input) => {
    const kinds = [
      input.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
      input.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
      input.ExcludeNumbers ? '' : '0123456789',
      input.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
      input.IncludeSpace ? ' ' : '',
    ]
      .map((kind) => [...kind].filter((letter) => !input.ExcludeCharacters.includes(letter)))
      .filter((kind) => kind.length > 0);
    const required = input.RequireEachIncludedType ? kinds : [];
    if (kinds.length === 0 || required.length > input.PasswordLength) {
      throw new SecretsRefusal(
        'InvalidParameterException',
        'No password of this length fits what is excluded and required.',
      );
    }
    const free = Array<readonly string[]>(input.PasswordLength - required.length).fill(
      kinds.flat(),
    );
    const password = shuffle([...required, ...free].map(pick)).join('');
    return { answer: { RandomPassword: password } };
  },
);

function pick(letters: readonly string[]): string {
  return letters[randomInt(letters.length)] ?? '';
}

/** So that the required letters do not always come first (Fisher and Yates). */
function shuffle(letters: readonly string[]): readonly string[] {
  const mixed = [...letters];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [mixed[last], mixed[other]] = [mixed[other] ?? '', mixed[last] ?? ''];
  }
  return mixed;
}

export const passwordOperations: Operations = { GetRandomPassword: getRandomPassword };
