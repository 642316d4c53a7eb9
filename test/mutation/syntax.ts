/**
 * The syntax tree of a source file, as Vitest's own parser gives it (ESTree with TypeScript).
 *
 * @module
 */
import { parseAst } from 'vitest/node';

type Program = ReturnType<typeof parseAst>;
export type Statement = Program['body'][number];
export type Expression = Extract<Statement, { type: 'ExpressionStatement' }>['expression'];
type Member = Extract<Expression, { type: 'ObjectExpression' }>['properties'][number];
type Declarator = Extract<Statement, { type: 'VariableDeclaration' }>['declarations'][number];
type Case = Extract<Statement, { type: 'SwitchStatement' }>['cases'][number];

/** What the rules look at. Other nodes are only walked through. */
export type SyntaxNode = Program | Statement | Expression | Member | Declarator | Case;

/** Where a node stands, in UTF-16 units from the start of its file. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A node with those around it, innermost first. */
export interface Place {
  readonly node: SyntaxNode;
  readonly around: readonly SyntaxNode[];
}

/** A file's text and every node of it that is not part of a type, outer ones first. */
export interface Source {
  readonly text: string;
  readonly places: readonly Place[];
}

export function parseSource(text: string): Source {
  return { text, places: [...walk({ node: parseAst(text, { lang: 'ts' }), around: [] })] };
}

/** The text of a node. */
export function textOf({ text }: Pick<Source, 'text'>, { start, end }: Span): string {
  return text.slice(start, end);
}

/**
 * Whether a node decides by its conditions, each of which other mutants take away: the opposite of
 * one shows no more than those.
 */
export function isDecision(node: SyntaxNode | undefined): boolean {
  const types = ['IfStatement', 'ConditionalExpression', 'LogicalExpression'];
  return node !== undefined && types.includes(node.type);
}

function* walk(place: Place): Generator<Place> {
  yield place;
  const around = [place.node, ...place.around];
  for (const node of childrenOf(place.node)) yield* walk({ node, around });
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.values(node)
    .flat()
    .filter(isNode)
    .filter(({ type }) => !isOfTypes(type));
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Types, and imports: nothing of them is there when the program runs. */
function isOfTypes(type: string): boolean {
  if (type === 'TSAsExpression' || type === 'TSSatisfiesExpression') return false;
  return type.startsWith('TS') || type === 'ImportDeclaration';
}
