import { checkRustRegex } from '../regex/rust.ts';
import { checkIpLiteral } from './ip-literal.ts';
import type { Literal, Predicate } from './parse.ts';
import { ExpressionProblem, parseExpression } from './parse.ts';

/** Which part of the router reads an expression; each knows fields of its own. */
export type Subsystem = 'http' | 'stream';

/** What an expression may use. */
export interface ExpressionDialect {
  readonly subsystem: Subsystem | 'both';
  /** `!(…)` and `http.path.segments.*`, both since 3.7. */
  readonly since37: boolean;
}

type FieldKind = 'String' | 'Int' | 'IpAddr';

const fieldKinds: ReadonlyMap<string, FieldKind> = new Map([
  ['net.protocol', 'String'],
  ['tls.sni', 'String'],
  ['net.src.ip', 'IpAddr'],
  ['net.dst.ip', 'IpAddr'],
  ['net.src.port', 'Int'],
  ['net.dst.port', 'Int'],
  // The old name of net.dst.port, rewritten with a warning.
  ['net.port', 'Int'],
  ['http.method', 'String'],
  ['http.host', 'String'],
  ['http.path', 'String'],
]);

/** Which kind of literal an operator compares which kind of field with. */
const operands: Readonly<Record<string, readonly (readonly [FieldKind, Literal['kind']])[]>> = {
  '==': [
    ['String', 'String'],
    ['Int', 'Int'],
    ['IpAddr', 'IpAddr'],
  ],
  '!=': [
    ['String', 'String'],
    ['Int', 'Int'],
    ['IpAddr', 'IpAddr'],
  ],
  '~': [['String', 'String']],
  '^=': [['String', 'String']],
  '=^': [['String', 'String']],
  contains: [['String', 'String']],
  '>': [['Int', 'Int']],
  '>=': [['Int', 'Int']],
  '<': [['Int', 'Int']],
  '<=': [['Int', 'Int']],
  in: [['IpAddr', 'IpCidr']],
  'not in': [['IpAddr', 'IpCidr']],
};

/**
 * Checks syntax, fields and types of a router expression.
 * @see Kong Gateway, `kong/router/fields.lua`
 * @returns Undefined for a good expression, else what is wrong.
 */
export function checkExpression(text: string, dialect: ExpressionDialect): string | undefined {
  try {
    const predicates = parseExpression(text, dialect.since37, checkIpLiteral);
    for (const predicate of predicates) checkPredicate(predicate, dialect);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionProblem) return error.message;
    throw error;
  }
}

function checkPredicate({ field, functions, operator, literal }: Predicate, dialect: ExpressionDialect): void {
  const kind = kindOf(field, dialect);
  for (const name of functions) checkFunction(name, kind);
  const allowed = operands[operator]?.some(([left, right]) => left === kind && right === literal.kind);
  if (allowed !== true) throw new ExpressionProblem('Type mismatch between the LHS and RHS values of predicate');
  if (operator !== '~' || literal.kind !== 'String') return;
  const problem = checkRustRegex(literal.value);
  if (problem !== undefined) throw new ExpressionProblem(`regex parse error: ${problem}`);
}

function checkFunction(name: string, kind: FieldKind): void {
  if (name !== 'lower' && name !== 'any') throw new ExpressionProblem(`unknown function '${name}'`);
  if (name === 'lower' && kind !== 'String')
    throw new ExpressionProblem('lower-case transformation function only supported with String type fields');
}

function kindOf(field: string, dialect: ExpressionDialect): FieldKind {
  if (field.startsWith('http.') && dialect.subsystem === 'stream') throw new ExpressionProblem('Unknown LHS field');
  if (field.startsWith('http.path.segments.') && dialect.since37) return segmentKind(field);
  const kind = fieldKinds.get(field);
  if (kind !== undefined) return kind;
  if (/^http\.(?:headers|queries)\.[^.]*$/.test(field)) return 'String';
  throw new ExpressionProblem('Unknown LHS field');
}

/** `len`, one position, or a range of positions whose end is behind its start. */
function segmentKind(field: string): FieldKind {
  const part = field.slice('http.path.segments.'.length);
  if (part.includes('.')) throw new ExpressionProblem('Unknown LHS field');
  if (part === 'len') return 'Int';
  const match = /^(0|[1-9]\d*)(?:_([1-9]\d*))?$/.exec(part);
  const good = match !== null && (match[2] === undefined || Number(match[1]) < Number(match[2]));
  if (!good) throw new ExpressionProblem('illformed http.path.segments.* field');
  return 'String';
}
