/**
 * Moves borders: each comparison by one or the other way round, each bound and each reserve gone.
 *
 * @module
 */
import { dropEach, type Rule, replace } from './mutation.ts';
import { type Expression, isDecision, textOf } from './syntax.ts';

const movedBorders: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
};

const opposites: Readonly<Record<string, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '===': '!==',
  '!==': '===',
};

export const comparisonRules: readonly Rule[] = [
  function otherComparison(source, { node, around: [parent] }) {
    if (node.type !== 'BinaryExpression') return [];
    const left = textOf(source, node.left);
    const right = textOf(source, node.right);
    const opposite = isDecision(parent) ? undefined : opposites[node.operator];
    return [movedBorders[node.operator], opposite]
      .filter((operator) => operator !== undefined)
      .map((operator) => replace(node, `(${left}) ${operator} (${right})`));
  },

  /** Without what is added or taken away. */
  function withoutSummand(source, { node }) {
    if (node.type !== 'BinaryExpression' || !['+', '-'].includes(node.operator)) return [];
    if ([node.left, node.right].some(isText)) return [];
    return [replace(node, `(${textOf(source, node.left)})`)];
  },

  function withoutBound(source, { node }) {
    if (node.type !== 'CallExpression') return [];
    const isBound = /^Math\.(min|max)$/.test(textOf(source, node.callee));
    return isBound && node.arguments.length > 1 ? dropEach(source, node.arguments, node) : [];
  },

  /** `later(now, 60)` is now. */
  function withoutShift(source, { node }) {
    if (node.type !== 'CallExpression') return [];
    const [instant, ...shift] = node.arguments;
    if (!/^(earlier|later)$/.test(textOf(source, node.callee)) || !instant) return [];
    return shift.length === 0 ? [] : [replace(node, `(${textOf(source, instant)})`)];
  },
];

function isText(node: Expression | { readonly type: 'PrivateIdentifier' }): boolean {
  switch (node.type) {
    case 'TemplateLiteral':
      return true;
    case 'Literal':
      return typeof node.value === 'string';
    case 'BinaryExpression':
      return isText(node.left) || isText(node.right);
    default:
      return false;
  }
}
