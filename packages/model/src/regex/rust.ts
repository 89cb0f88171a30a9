import { isRustProperty } from './unicode-property.ts';

/** What is wrong with a pattern; thrown inside the checker only. */
class SyntaxProblem extends Error {}

const asciiClass = /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;
const groupName = /^[\p{Alphabetic}_][\p{Alphabetic}\p{Nd}_.[\]]*$/u;
const counted = /^\{\s*(\d+)\s*(?:(,)\s*(\d*)\s*)?\}/;
const escapes = new Set('dDsSwWaftnrvAzBb<>');

/** Roughly how many states of 32 bytes fit into the ten megabytes that the engine grants one pattern. */
const maximalStates = 320_000;
/** What sets of characters take: all are Unicode's, and become automata over bytes. */
const setStates: Readonly<Record<string, number>> = { w: 1568, W: 1456, d: 160, D: 170, s: 21, S: 50, p: 400, P: 400 };
const anyStates = 31;
const classStates = 2;

/**
 * Checks the syntax of a pattern as the router of Kong Gateway reads it, whose engine is Rust's `regex`: no
 * look-around, backreferences, atomic groups or comments, and `{` always begins a count.
 * @returns Undefined when the pattern compiles, else what is wrong.
 */
export function checkRustRegex(pattern: string): string | undefined {
  try {
    new RustChecker(pattern).check();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

/** Whether a count may follow, and how many states the item takes. */
interface Item {
  readonly repeatable: boolean;
  readonly states: number;
}

class RustChecker {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #extended = false;
  readonly #names = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  check(): void {
    const states = this.#alternatives();
    if (this.#at < this.#text.length) fail('unopened group');
    if (states > maximalStates) fail('compiled regex exceeds size limit');
  }

  #alternatives(): number {
    const extendedOutside = this.#extended;
    let states = 0;
    let last: Item = { repeatable: false, states: 0 };
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      const character = this.#text[this.#at] ?? '';
      if (this.#skipped(character)) continue;
      if (character === '|') {
        this.#at += 1;
        last = { repeatable: false, states: 0 };
        continue;
      }
      const times = this.#repetition(character, last);
      if (times === undefined) {
        last = this.#item(character);
        states += last.states;
      } else {
        states += last.states * Math.max(0, times - 1);
        last = { repeatable: true, states: last.states * Math.max(1, times) };
      }
      if (states > maximalStates) fail('compiled regex exceeds size limit');
    }
    this.#extended = extendedOutside;
    return states;
  }

  #skipped(character: string): boolean {
    if (!this.#extended) return false;
    if (character === '#') {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end + 1;
      return true;
    }
    if (!/\s/.test(character)) return false;
    this.#at += 1;
    return true;
  }

  /** Reads a repetition operator; answers how often it repeats at least as states, or undefined for none. */
  #repetition(character: string, last: Item): number | undefined {
    if (!'*+?{'.includes(character)) return undefined;
    if (!last.repeatable) fail('repetition operator missing expression');
    let times = 1;
    if (character === '{') times = this.#count();
    else this.#at += 1;
    if (this.#text[this.#at] === '?') this.#at += 1;
    return times;
  }

  #count(): number {
    const match = counted.exec(this.#text.slice(this.#at, this.#at + 64));
    if (match === null) fail('repetition quantifier expects a valid decimal');
    const low = Number(match[1]);
    const high = match[3] === undefined || match[3] === '' ? low : Number(match[3]);
    if (low > 4294967295 || high > 4294967295) fail('decimal literal invalid');
    if (high < low) fail('invalid repetition count range, the start must be <= the end');
    this.#at += match[0].length;
    return high;
  }

  #item(character: string): Item {
    if (character === '(') return this.#group();
    if (character === '[') {
      return { repeatable: true, states: this.#class() };
    }
    if (character === '\\') return this.#escape();
    this.#at += (this.#text.codePointAt(this.#at) ?? 0) > 0xffff ? 2 : 1;
    return { repeatable: true, states: character === '.' ? anyStates : 1 };
  }

  #group(): Item {
    const head = this.#text.slice(this.#at, this.#at + 200);
    if (/^\(\?(?:=|!|<=|<!)/.test(head)) fail('look-around, including look-ahead and look-behind, is not supported');
    const named = /^\(\?P?<([^>]*)(>?)/.exec(head);
    if (named !== null) {
      const name = named[1] ?? '';
      if (named[2] === '' || !groupName.test(name)) fail('invalid capture group name');
      if (this.#names.has(name)) fail('duplicate capture group name');
      this.#names.add(name);
      return this.#body(named[0].length);
    }
    return head.startsWith('(?') ? this.#flags(head) : this.#body(1);
  }

  #flags(head: string): Item {
    const match = /^\(\?([imsRUux]*)(-[imsRUux]+)?([:)])/.exec(head);
    if (match === null) fail('unrecognized flag');
    const [all, on = '', off = '', end] = match;
    const letters = on + off.slice(1);
    if (new Set(letters).size !== letters.length) fail('duplicate flag');
    if (all === '(?)') fail('repetition operator missing expression');
    const extendedOutside = this.#extended;
    if (on.includes('x')) this.#extended = true;
    if (off.includes('x')) this.#extended = false;
    if (end === ')') {
      this.#at += all.length;
      return { repeatable: false, states: 0 };
    }
    const body = this.#body(all.length);
    this.#extended = extendedOutside;
    return body;
  }

  #body(width: number): Item {
    this.#at += width;
    this.#depth += 1;
    if (this.#depth > 250) fail('exceeds the nest limit');
    const states = this.#alternatives();
    if (this.#text[this.#at] !== ')') fail('unclosed group');
    this.#at += 1;
    this.#depth -= 1;
    return { repeatable: true, states };
  }

  #escape(): Item {
    const character = this.#text[this.#at + 1];
    if (character === undefined) fail('incomplete escape sequence, reached end of pattern prematurely');
    if (character === 'p' || character === 'P') {
      this.#property();
      return { repeatable: true, states: statesOf(character) };
    }
    if (character === 'b') this.#wordEdge();
    else this.#literalEscape(character);
    return { repeatable: true, states: statesOf(character) };
  }

  #wordEdge(): void {
    const special = /^\\b\{(?:start|end|start-half|end-half)\}/.exec(this.#text.slice(this.#at, this.#at + 16));
    this.#at += special?.[0].length ?? 2;
  }

  /** Reads an escape other than a property; answers its code where it is a character. */
  #literalEscape(character: string): number | undefined {
    if (/[0-9]/.test(character)) fail('backreferences are not supported');
    if (character === 'x' || character === 'u' || character === 'U') return this.#hexadecimal(character);
    this.#at += 2;
    if (escapes.has(character)) return 'aftnrv'.includes(character) ? 0 : undefined;
    if (/[A-Za-z]/.test(character) || character.charCodeAt(0) > 0x7f) fail('unrecognized escape sequence');
    return character.charCodeAt(0);
  }

  #hexadecimal(kind: string): number {
    const width = kind === 'x' ? 2 : kind === 'u' ? 4 : 8;
    const rest = this.#text.slice(this.#at + 2, this.#at + 20);
    const match = /^\{\s*([0-9A-Fa-f]+)\s*\}/.exec(rest) ?? RegExp(`^([0-9A-Fa-f]{${width}})`).exec(rest);
    const code = Number.parseInt(match?.[1] ?? '', 16);
    if (match === null || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) fail('invalid hexadecimal escape');
    this.#at += 2 + match[0].length;
    return code;
  }

  #property(): void {
    const match = /^\\[pP](?:\{([^}]*)\}|([^{]))/su.exec(this.#text.slice(this.#at, this.#at + 80));
    if (match === null || !isRustProperty(match[1] ?? match[2] ?? '')) fail('Unicode property not found');
    this.#at += match[0].length;
  }

  /** Answers roughly how many states the class takes. */
  #class(): number {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > 250) fail('exceeds the nest limit');
    let states = classStates;
    if (this.#text[this.#at] === '^') {
      this.#at += 1;
      states += anyStates;
    }
    // First in a class, `]` and any number of `-` are themselves.
    if (this.#text[this.#at] === ']') this.#at += 1;
    else while (this.#text[this.#at] === '-') this.#at += 1;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) fail('unclosed character class');
      if (character === ']') break;
      states += character === '\\' ? statesOf(this.#text[this.#at + 1] ?? '') - 1 : 0;
      states += this.#classPart(character);
    }
    this.#at += 1;
    this.#depth -= 1;
    return states;
  }

  /** Answers what a class within the class takes. */
  #classPart(character: string): number {
    if (character === '[') {
      const named = asciiClass.exec(this.#text.slice(this.#at, this.#at + 16));
      if (named === null) return this.#class();
      this.#at += named[0].length;
      return 0;
    }
    if (/^(?:&&|--|~~)/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#at += 2;
      return 0;
    }
    if (!this.#skipped(character)) this.#range();
    return 0;
  }

  #range(): void {
    const start = this.#classItem();
    const next = this.#text[this.#at + 1];
    if (this.#text[this.#at] !== '-' || next === ']' || next === '-' || next === undefined) return;
    this.#at += 1;
    const end = this.#classItem();
    if (start === undefined || end === undefined) fail('invalid range boundary, must be a literal');
    if (end < start) fail('invalid character class range, the start must be <= the end');
  }

  /** Answers the code of a character, undefined for a set. */
  #classItem(): number | undefined {
    const character = this.#text[this.#at] ?? '';
    if (character !== '\\') {
      const code = this.#text.codePointAt(this.#at) ?? 0;
      this.#at += code > 0xffff ? 2 : 1;
      return code;
    }
    const escaped = this.#text[this.#at + 1];
    if (escaped === undefined) fail('incomplete escape sequence, reached end of pattern prematurely');
    if (/[AzBb<>]/.test(escaped)) fail('invalid escape sequence found in character class');
    if (escaped === 'p' || escaped === 'P') {
      this.#property();
      return undefined;
    }
    const code = this.#literalEscape(escaped);
    const simple = 'atnvfr'.indexOf(escaped);
    return simple >= 0 ? [7, 9, 10, 11, 12, 13][simple] : code;
  }
}

function statesOf(escaped: string): number {
  return setStates[escaped] ?? 1;
}

function fail(message: string): never {
  throw new SyntaxProblem(message);
}
