/**
 * Leaves things undone: a guard that is called but not waited for, or not called; a change that is
 * not made; a flag the other way.
 *
 * @module
 */
import { dropEach, type Mutation, type Rule, replace } from './mutation.ts';
import { type Expression, type Source, type SyntaxNode, textOf } from './syntax.ts';

export const effectRules: readonly Rule[] = [
  function withoutStatement(source, { node, around: [parent] }) {
    if (parent?.type !== 'BlockStatement') return [];
    if (node.type === 'ExpressionStatement') {
      return isLogging(source, node.expression) ? [] : [replace(node, ';')];
    }
    // The only statement of an `if` goes with its condition.
    const isWayOut = ['ReturnStatement', 'ThrowStatement', 'ContinueStatement', 'BreakStatement'];
    const isGuardItself = parent.body.length === 1;
    return isWayOut.includes(node.type) && !isGuardItself && !isPlainResult(node, parent.body)
      ? [replace(node, ';')]
      : [];
  },

  function withoutWaiting(source, { node, around }) {
    if (node.type !== 'AwaitExpression') return [];
    const [parent, grandparent] = around;
    const isAlone = parent?.type === 'ExpressionStatement';
    const isCaught =
      parent?.type === 'ReturnStatement' && around.some(({ type }) => type === 'TryStatement');
    if (!(isAlone && grandparent?.type === 'BlockStatement') && !isCaught) return [];
    return [replace(node, textOf(source, node.argument))];
  },

  /** What goes wrong is thrown on, and what is done in the end is not done. */
  function withoutCatch(_, { node }) {
    if (node.type !== 'TryStatement') return [];
    const { handler, finalizer } = node;
    return [
      ...(handler ? [replace(handler, 'catch (caught) { throw caught; }', node)] : []),
      ...(finalizer ? [replace(finalizer, '{}', node)] : []),
    ];
  },

  function otherFlag(_, { node }) {
    if (node.type !== 'Literal' || typeof node.value !== 'boolean') return [];
    return [replace(node, String(!node.value))];
  },

  function withoutElement(source, { node }) {
    if (node.type !== 'ArrayExpression') return [];
    const elements = node.elements.filter((element) => element !== null);
    return elements.length > 1 ? dropEach(source, elements, node) : [];
  },

  /** A spread member, or one that says that an attribute is to go. */
  function withoutMember(source, { node }) {
    if (node.type !== 'ObjectExpression') return [];
    const isDroppable = node.properties.map(
      (member) =>
        member.type === 'SpreadElement' ||
        (member.value.type === 'Identifier' && member.value.name === 'undefined'),
    );
    return dropEach(source, node.properties, node).filter((_, index) => isDroppable[index]);
  },

  function withoutSelection(source, { node }) {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
    const { object, property } = node.callee;
    const change: Mutation = replace(node, `(${textOf(source, object)})`);
    switch (textOf(source, property)) {
      case 'filter':
      case 'toSorted':
        return [change];
      case 'some':
        return [{ ...change, replacement: otherQuantifier(source, node, 'every') }];
      case 'every':
        return [{ ...change, replacement: otherQuantifier(source, node, 'some') }];
      default:
        return [];
    }
  },
];

function isLogging(source: Source, expression: Expression): boolean {
  const call = expression.type === 'AwaitExpression' ? expression.argument : expression;
  return call.type === 'CallExpression' && /\blog\.\w+$/.test(textOf(source, call.callee));
}

/** The last `return` of a body gives its result: without it there is no function left to test. */
function isPlainResult(node: SyntaxNode, body: readonly SyntaxNode[]): boolean {
  return node.type === 'ReturnStatement' && node === body.at(-1) && node.argument !== null;
}

function otherQuantifier(
  source: Source,
  { callee, end }: Extract<Expression, { type: 'CallExpression' }>,
  other: string,
): string {
  if (callee.type !== 'MemberExpression') return source.text.slice(callee.start, end);
  const { text } = source;
  const { start, end: nameEnd } = callee.property;
  return text.slice(callee.start, start) + other + text.slice(nameEnd, end);
}
