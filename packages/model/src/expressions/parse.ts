/** What is wrong with an expression; thrown inside the parser only. */
export class ExpressionProblem extends Error {}

export type Literal =
  | { readonly kind: 'String'; readonly value: string }
  | { readonly kind: 'Int' }
  | { readonly kind: 'IpAddr' }
  | { readonly kind: 'IpCidr' };

/** One comparison: a field, possibly under functions, against a literal. */
export interface Predicate {
  readonly field: string;
  readonly functions: readonly string[];
  readonly operator: string;
  readonly literal: Literal;
}

const identifier = /[A-Za-z][A-Za-z0-9_.]*/y;
const operator = /==|!=|~|\^=|=\^|>=|>|<=|<|contains|in|not in/y;
const integer = /-?(?:0[0-7]+|0x[0-9A-Fa-f]+|[0-9]+)/y;
const ipv4 = /[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:\/[0-9]{1,2})?/y;
const ipv6 = /(?::|[0-9A-Fa-f]{1,4}):[0-9A-Fa-f:]*(?:\/[0-9]{1,3})?/y;
const space = /[ \t\r\n]*/y;

/**
 * Parses the expression language of Kong's router: comparisons joined by `&&` and `||`, parentheses, `!(…)`.
 * @param checkIp Tells what is wrong with a text that looks like an address or, with a `/`, a range.
 * @returns All comparisons; how they are joined does not matter for their types.
 * @throws {ExpressionProblem} On a syntax error.
 */
export function parseExpression(
  text: string,
  allowsNot: boolean,
  checkIp: (text: string) => string | undefined,
): readonly Predicate[] {
  return new ExpressionParser(text, allowsNot, checkIp).parse();
}

class ExpressionParser {
  readonly #text: string;
  readonly #allowsNot: boolean;
  readonly #checkIp: (text: string) => string | undefined;
  readonly #predicates: Predicate[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string, allowsNot: boolean, checkIp: (text: string) => string | undefined) {
    this.#text = text;
    this.#allowsNot = allowsNot;
    this.#checkIp = checkIp;
  }

  parse(): readonly Predicate[] {
    this.#expression();
    if (this.#at < this.#text.length) this.#fail('expected EOI, and_op, or or_op');
    return this.#predicates;
  }

  #expression(): void {
    this.#depth += 1;
    if (this.#depth > 250) this.#fail('expression is nested too deeply');
    do this.#term();
    while (this.#taken('&&') || this.#taken('||'));
    this.#depth -= 1;
  }

  #term(): void {
    this.#skipSpace();
    const negated = this.#allowsNot && this.#taken('!');
    if (this.#taken('(')) {
      this.#expression();
      if (!this.#taken(')')) this.#fail('expected and_op or or_op');
      return;
    }
    if (negated) this.#fail('expected a parenthesised expression');
    this.#predicate();
  }

  #predicate(): void {
    const functions: string[] = [];
    const field = this.#operand(functions);
    const symbol = this.#match(operator);
    if (symbol === undefined) this.#fail('expected binary_operator');
    const literal = this.#literal();
    this.#predicates.push({ field, functions, operator: symbol, literal });
  }

  #operand(functions: string[]): string {
    const name = this.#match(identifier);
    if (name === undefined) this.#fail('expected term');
    if (!this.#taken('(')) return name;
    functions.push(name);
    if (functions.length > 50) this.#fail('functions are nested too deeply');
    const field = this.#operand(functions);
    if (!this.#taken(')')) this.#fail('expected )');
    return field;
  }

  #literal(): Literal {
    this.#skipSpace();
    if (this.#text[this.#at] === '"') return this.#string();
    if (this.#text.startsWith('r#"', this.#at)) return this.#rawString();
    const address = this.#address();
    if (address !== undefined) return address;
    const digits = this.#match(integer);
    if (digits === undefined) this.#fail('expected rhs');
    if (!fitsInt64(digits)) this.#fail('number too large to fit in target type');
    return { kind: 'Int' };
  }

  #address(): Literal | undefined {
    const start = this.#at;
    const text = this.#match(ipv4) ?? this.#match(ipv6);
    if (text === undefined) return undefined;
    const problem = this.#checkIp(text);
    if (problem === undefined) return { kind: text.includes('/') ? 'IpCidr' : 'IpAddr' };
    this.#at = start;
    return this.#fail(problem);
  }

  #string(): Literal {
    let value = '';
    this.#at += 1;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) this.#fail('expected rhs');
      this.#at += 1;
      if (character === '"') break;
      value += character === '\\' ? this.#escaped() : character;
    }
    return { kind: 'String', value };
  }

  #escaped(): string {
    const index = '"\\nrt'.indexOf(this.#text[this.#at] ?? ' ');
    if (index < 0) this.#fail('expected str_esc');
    this.#at += 1;
    return '"\\\n\r\t'.charAt(index);
  }

  #rawString(): Literal {
    const start = this.#at + 3;
    const end = this.#text.indexOf('"#', start);
    if (end < 0) this.#fail('expected rhs');
    this.#at = end + 2;
    return { kind: 'String', value: this.#text.slice(start, end) };
  }

  #skipSpace(): void {
    space.lastIndex = this.#at;
    space.exec(this.#text);
    this.#at = space.lastIndex;
  }

  #taken(symbol: string): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    this.#skipSpace();
    return true;
  }

  #match(form: RegExp): string | undefined {
    this.#skipSpace();
    form.lastIndex = this.#at;
    const match = form.exec(this.#text);
    if (match === null) return undefined;
    this.#at = form.lastIndex;
    return match[0];
  }

  #fail(expected: string): never {
    throw new ExpressionProblem(`at character ${this.#at + 1}: ${expected}`);
  }
}

/** A leading zero makes a number octal; the sign comes after the number has been read, so -2^63 does not fit. */
function fitsInt64(digits: string): boolean {
  const size = digits.replace('-', '');
  return BigInt(/^0[0-7]+$/.test(size) ? `0o${size}` : size) < 2n ** 63n;
}
