import { comparisonRules } from './comparison-rules.ts';
import { effectRules } from './effect-rules.ts';
import { guardRules } from './guard-rules.ts';
import type { Mutation } from './mutation.ts';
import { storeRules } from './store-rules.ts';
import { type Place, parseSource, type Source, type SyntaxNode, textOf } from './syntax.ts';

/** A source file with one mutation. */
export interface Mutant extends Mutation {
  /** From the top of the project. */
  readonly file: string;
  readonly line: number;
  /** The innermost function or constant with a name around it; empty at the top of a file. */
  readonly within: string;
  /** What the smallest whole piece around the change reads before and after, on one line. */
  readonly change: string;
}

const rules = [...guardRules, ...comparisonRules, ...effectRules, ...storeRules];

/** Every mutant of a file, in the order of its text. */
export function listMutants(file: string, text: string): readonly Mutant[] {
  const source = parseSource(text);
  const seen = new Set<string>();
  return source.places
    .flatMap((place) =>
      rules
        .flatMap((rule) => rule(source, place))
        .map((mutation) => describeMutant(source, place, { file, mutation })),
    )
    .filter((mutant) => {
      const isNew = !seen.has(mutate(text, mutant));
      seen.add(mutate(text, mutant));
      return isNew;
    })
    .toSorted((one, other) => one.start - other.start);
}

/** The file's text with the mutation made. */
export function mutate(text: string, { start, end, replacement }: Mutation): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function describeMutant(
  source: Source,
  place: Place,
  { file, mutation }: { readonly file: string; readonly mutation: Mutation },
): Mutant {
  return {
    ...mutation,
    file,
    line: source.text.slice(0, mutation.start).split('\n').length,
    within: [place.node, ...place.around].map(nameOf).find((name) => name !== undefined) ?? '',
    change: describeChange(source, mutation),
  };
}

function describeChange(source: Source, mutation: Mutation): string {
  const { start, end, replacement, reachedAt } = mutation;
  const dropped = oneLine(textOf(source, mutation));
  if (/^;?$/.test(replacement) && dropped !== '?.') return `without ${dropped}`;
  const before = textOf(source, reachedAt);
  const after =
    before.slice(0, start - reachedAt.start) + replacement + before.slice(end - reachedAt.start);
  return `${oneLine(before)} → ${oneLine(after)}`;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, '');

/** The name that a node gives to what is inside it. */
function nameOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
      return node.id?.name;
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' ? node.id.name : undefined;
    case 'Property':
      return node.value.type === 'ArrowFunctionExpression' && node.key.type === 'Identifier'
        ? node.key.name
        : undefined;
    default:
      return undefined;
  }
}
