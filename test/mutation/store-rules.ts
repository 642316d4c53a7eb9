/**
 * Weakens what a conditional write demands of the row, and what it does to it.
 *
 * @module
 */
import { dropEach, type Rule, replace } from './mutation.ts';
import { textOf } from './syntax.ts';

const otherComparators: Readonly<Record<string, readonly string[]>> = {
  is: ['atLeast', 'atMost'],
  isNot: ['is'],
  lessThan: ['atMost'],
  atMost: ['lessThan'],
  moreThan: ['atLeast'],
  atLeast: ['moreThan'],
};

export const storeRules: readonly Rule[] = [
  function withoutDemand(source, { node }) {
    if (node.type !== 'CallExpression') return [];
    const isJoint = /^(allOf|anyOf)$/.test(textOf(source, node.callee));
    return isJoint && node.arguments.length > 1 ? dropEach(source, node.arguments, node) : [];
  },

  function otherComparator(source, { node, around: [parent, grandparent] }) {
    if (node.type !== 'Literal' || typeof node.value !== 'string') return [];
    const call = [parent, grandparent].find((each) => each?.type === 'CallExpression');
    if (call?.type !== 'CallExpression' || textOf(source, call.callee) !== 'compare') return [];
    return (otherComparators[node.value] ?? []).map((other) => replace(node, `'${other}'`, call));
  },

  function otherPresence(source, { node }) {
    if (node.type !== 'CallExpression') return [];
    const others: Readonly<Record<string, string>> = { absent: 'present', present: 'absent' };
    const other = others[textOf(source, node.callee)];
    return other === undefined ? [] : [replace(node.callee, other, node)];
  },

  /** An attribute that is not written. */
  function withoutAttribute(source, { node }) {
    if (node.type !== 'ObjectExpression') return [];
    return node.properties.flatMap((member) => {
      if (member.type !== 'Property' || !/^set(IfAbsent)?$/.test(textOf(source, member.key))) {
        return [];
      }
      const { value } = member;
      if (value.type !== 'ObjectExpression') return [];
      // Those that say `undefined`, and spreads, are dropped by a rule of their own.
      const isOwn = value.properties.map(
        (attribute) =>
          attribute.type === 'Property' && textOf(source, attribute.value) !== 'undefined',
      );
      return dropEach(source, value.properties, value).filter((_, index) => isOwn[index]);
    });
  },

  /** Written over whatever is there. */
  function overwriting(source, { node }) {
    if (node.type !== 'TemplateLiteral') return [];
    const [first] = node.quasis;
    const last = node.expressions.at(-1);
    if (!first?.value.raw.startsWith('if_not_exists(') || !last) return [];
    return [replace(node, textOf(source, last))];
  },
];
