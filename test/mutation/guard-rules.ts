/**
 * Takes conditions away: each `if` never or always, each branch of a choice, each term of a
 * condition.
 *
 * @module
 */
import { type Mutation, type Rule, replace } from './mutation.ts';
import { type Expression, isDecision, type Source, type Span, textOf } from './syntax.ts';

export const guardRules: readonly Rule[] = [
  function never(_, { node }) {
    switch (node.type) {
      case 'IfStatement':
        return [replace(node.test, 'false'), replace(node.test, 'true')];
      case 'WhileStatement':
      case 'DoWhileStatement':
        return [replace(node.test, 'false')];
      case 'ForStatement':
        return node.test ? [replace(node.test, 'false')] : [];
      default:
        return [];
    }
  },

  function oneBranch(source, { node }) {
    if (node.type !== 'ConditionalExpression') return [];
    return [node.consequent, node.alternate].map((branch) =>
      replace(node, `(${textOf(source, branch)})`),
    );
  },

  function withoutTerm(source, { node, around: [parent] }) {
    if (node.type !== 'LogicalExpression') return [];
    const { operator } = node;
    // A longer chain is taken apart once, from its outermost node.
    if (parent?.type === 'LogicalExpression' && parent.operator === operator) return [];
    const terms = termsOf(node, operator);
    const members = parent?.type === 'SpreadElement' ? terms.at(-1) : undefined;
    return terms
      .filter((term) => !isShape(source, term, members))
      .filter((term) => !(operator === '&&' && isImplied(source, term, terms)))
      .map((dropped) =>
        replace(
          node,
          terms
            .filter((term) => term !== dropped)
            .map((term) => `(${textOf(source, term)})`)
            .join(` ${operator} `),
        ),
      );
  },

  function withoutNot(source, { node, around: [parent] }) {
    if (node.type !== 'UnaryExpression' || node.operator !== '!' || isDecision(parent)) return [];
    return [replace(node, `(${textOf(source, node.argument)})`)];
  },

  function withoutQuestion({ text }, { node }) {
    if (node.type !== 'ChainExpression') return [];
    return questionMarks(node.expression).map((object): Mutation => {
      const start = text.indexOf('?.', object.end);
      const isPlain = /[\w#]/.test(text.charAt(start + 2));
      return { start, end: start + 2, replacement: isPlain ? '.' : '', reachedAt: node };
    });
  },

  function withoutCase(_, { node, around: [parent] }) {
    if (node.type !== 'SwitchCase' || !node.test || parent?.type !== 'SwitchStatement') return [];
    return [replace(node, '', parent)];
  },
];

function termsOf(node: Expression, operator: string): readonly Expression[] {
  if (node.type !== 'LogicalExpression' || node.operator !== operator) return [node];
  return [...termsOf(node.left, operator), ...termsOf(node.right, operator)];
}

/**
 * Whether a term of `...(x !== undefined && { x })` only keeps an absent member from being one that
 * is undefined: the compiler refuses its removal (`exactOptionalPropertyTypes`), and where members
 * are written the two are the same. The members themselves are left to the rule for spreads.
 */
function isShape(source: Source, term: Span, members: Span | undefined): boolean {
  if (!members) return false;
  if (term === members) return true;
  const subject = textOf(source, term).replace(/ !== undefined$/, '');
  return /^[\w.]+$/.test(subject) && new RegExp(`\\b${subject}\\b`).test(textOf(source, members));
}

/**
 * Whether a term says that a number is there which another term compares anyway: nothing is less or
 * more than a number that is not there, so without this one the condition is the same.
 */
function isImplied(source: Source, term: Expression, terms: readonly Expression[]): boolean {
  const [, subject] = /^([\w.]+) !== undefined$/.exec(textOf(source, term)) ?? [];
  return terms.some(
    (other) =>
      other.type === 'BinaryExpression' &&
      ['<', '<=', '>', '>='].includes(other.operator) &&
      [other.left, other.right].some((side) => textOf(source, side) === subject),
  );
}

/** The objects before each `?.` of a chain. */
function questionMarks(node: Expression): readonly Span[] {
  switch (node.type) {
    case 'MemberExpression':
      return [...questionMarks(node.object), ...(node.optional ? [node.object] : [])];
    case 'CallExpression':
      return [...questionMarks(node.callee), ...(node.optional ? [node.callee] : [])];
    default:
      return [];
  }
}
