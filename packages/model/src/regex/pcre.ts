import { isPcreProperty } from './unicode-property.ts';

/** What is wrong with a pattern; thrown inside the checker only. */
class SyntaxProblem extends Error {}

const posixNames = /^(?:alpha|lower|upper|alnum|ascii|blank|cntrl|digit|graph|print|punct|space|word|xdigit)$/;
const verb = /^\(\*(?:(?:ACCEPT|COMMIT|FAIL|F|PRUNE|SKIP|THEN)(?::[^)]*)?|(?:MARK)?:[^)]+)\)/;
const namedAssertion =
  /^\(\*(?:pla|plb|nla|nlb|napla|naplb|atomic|sr|script_run|asr|atomic_script_run|(?:non_atomic_)?positive_look(?:ahead|behind)|negative_look(?:ahead|behind)):/;
const quantifier = /^\{\s*(?:(\d+)\s*(?:(,)\s*(\d*)\s*)?|,\s*(\d+)\s*)\}/;
const groupName = /^[A-Za-z_]\w{0,127}/;
const flags = /^\(\?\^?[imsxnJU]*(?:-[imsxnJU]*)?([:)])/;

/**
 * Checks the syntax of a pattern as PCRE2 reads it byte by byte, without running anything: JavaScript's own engine
 * differs in both directions (it has no possessive quantifiers, POSIX classes or `(?i)`, and takes `(?<=a)*`).
 * @returns Undefined when the pattern compiles, else what is wrong.
 */
export function checkPcre(pattern: string): string | undefined {
  try {
    new PcreChecker(Buffer.from(pattern, 'utf8').toString('latin1')).check();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message;
    throw error;
  }
}

class PcreChecker {
  readonly #text: string;
  #at = 0;
  #groups = 0;
  #depth = 0;
  #assertions = 0;
  #extended = false;
  #duplicateNames = false;
  readonly #names = new Set<string>();
  readonly #usedNames: string[] = [];
  #highestReference = 0;

  constructor(text: string) {
    this.#text = text;
  }

  check(): void {
    this.#alternatives();
    if (this.#at < this.#text.length) fail('unmatched closing parenthesis');
    if (this.#highestReference > this.#groups) fail('reference to non-existent subpattern');
    const missing = this.#usedNames.find((name) => !this.#names.has(name));
    if (missing !== undefined) fail(`reference to non-existent subpattern ${missing}`);
  }

  /** Reads up to the end or the closing parenthesis; answers how many alternatives there were. */
  #alternatives(): number {
    const { length } = this.#text;
    const extendedOutside = this.#extended;
    let alternatives = 1;
    let repeatable = false;
    while (this.#at < length && this.#text[this.#at] !== ')') {
      const character = this.#text[this.#at] ?? '';
      if (character === '|') {
        this.#at += 1;
        alternatives += 1;
        repeatable = false;
      } else if (!this.#skipped(character)) {
        repeatable = this.#item(character, repeatable);
      }
    }
    this.#extended = extendedOutside;
    return alternatives;
  }

  /** White space and comments do not count under `x`. */
  #skipped(character: string): boolean {
    if (!this.#extended) return false;
    if (character === '#') {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end + 1;
      return true;
    }
    if (!/[\s\x85]/.test(character)) return false;
    this.#at += 1;
    return true;
  }

  /** A stray `\E`, an empty quotation and a comment are as if absent: a quantifier applies to what is before. */
  #ignored(): boolean {
    const rest = this.#rest(4);
    if (rest.startsWith('\\E')) this.#at += 2;
    else if (rest === '\\Q\\E') this.#at += 4;
    else if (rest.startsWith('(?#')) {
      const end = this.#text.indexOf(')', this.#at);
      if (end < 0) fail('missing ) after (?# comment');
      this.#at = end + 1;
    } else return false;
    return true;
  }

  /** Reads one item; answers whether a quantifier may follow it. */
  #item(character: string, repeatable: boolean): boolean {
    if (this.#ignored()) return repeatable;
    if (character === '\\') return this.#escape();
    if (character === '[') return this.#classOrWordEdge();
    if (character === '(') return this.#group();
    const width = this.#quantifierWidth(character);
    if (width > 0) {
      if (!repeatable) fail('quantifier does not follow a repeatable item');
      this.#at += width;
      if (this.#text[this.#at] === '?' || this.#text[this.#at] === '+') this.#at += 1;
      return false;
    }
    this.#at += 1;
    return character !== '^' && character !== '$';
  }

  #quantifierWidth(character: string): number {
    if (character === '*' || character === '+' || character === '?') return 1;
    if (character !== '{') return 0;
    const match = quantifier.exec(this.#rest(64));
    if (match === null) return 0;
    const low = Number(match[1] ?? 0);
    const high = Number(match[4] ?? (match[3] === undefined || match[3] === '' ? low : match[3]));
    if (low > 65535 || high > 65535) fail('number too big in {} quantifier');
    if (high < low) fail('numbers out of order in {} quantifier');
    return match[0].length;
  }

  #rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length);
  }

  #escape(): boolean {
    const character = this.#text[this.#at + 1];
    if (character === undefined) fail('\\ at end of pattern');
    if (character === 'Q') return this.#quoted();
    if (/[1-9]/.test(character) && this.#numberReference()) return true;
    if (character === 'g' || character === 'k') return this.#namedReference(character);
    if (character === 'K' && this.#assertions > 0) fail('\\K is not allowed in lookarounds');
    if (/[AzZbBGK]/.test(character)) {
      this.#at += 2;
      return false;
    }
    if (/[CRXN]/.test(character)) {
      if (
        character === 'N' &&
        this.#text[this.#at + 2] === '{' &&
        quantifier.exec(this.#text.slice(this.#at + 2, this.#at + 66)) === null
      )
        fail('\\N{name} is not supported');
      this.#at += 2;
      return true;
    }
    this.#characterEscape(character);
    return true;
  }

  #quoted(): boolean {
    const end = this.#text.indexOf('\\E', this.#at + 2);
    const empty = end === this.#at + 2;
    this.#at = end < 0 ? this.#text.length : end + 2;
    return !empty;
  }

  /** Below ten, from `\8` on, or as many as there are groups it is a reference; else an octal code. */
  #numberReference(): boolean {
    const digits = /^\d+/.exec(this.#rest(12).slice(1))?.[0] ?? '';
    const number = Number(digits);
    if (number >= 10 && digits < '8' && number > this.#groups) return false;
    this.#highestReference = Math.max(this.#highestReference, number);
    this.#at += 1 + digits.length;
    return true;
  }

  #namedReference(kind: 'g' | 'k'): boolean {
    const rest = this.#text.slice(this.#at + 2, this.#at + 140);
    const match = /^(?:\{\s*([^}]*?)\s*\}|<([^>]*)>|'([^']*)'|([+-]?\d+))/.exec(rest);
    const target = match?.[1] ?? match?.[2] ?? match?.[3] ?? (kind === 'g' ? match?.[4] : undefined);
    if (match === null || target === undefined || target === '') fail(`\\${kind} is not followed by a name or number`);
    const isCall = kind === 'g' && match[1] === undefined && match[4] === undefined;
    if (/^[+-]?0+$/.test(target) && !isCall) fail('reference to non-existent subpattern');
    if (/^[+-]?\d+$/.test(target)) this.#reference(target);
    else if (groupName.exec(target)?.[0] === target) this.#usedNames.push(target);
    else fail('subpattern name expected');
    this.#at += 2 + match[0].length;
    return true;
  }

  #reference(target: string): void {
    const number = Number(target);
    const absolute = target.startsWith('-')
      ? this.#groups + 1 + number
      : target.startsWith('+')
        ? this.#groups + number
        : number;
    if (absolute < 0 || (target.startsWith('-') && absolute < 1)) fail('reference to non-existent subpattern');
    this.#highestReference = Math.max(this.#highestReference, absolute);
  }

  /** Escapes that mean a character or a set, in and outside classes; answers the code, or undefined for a set. */
  #characterEscape(character: string): number | undefined {
    const start = this.#at;
    this.#at += 2;
    if (/[dDwWsShHvV]/.test(character)) return undefined;
    if (character === 'p' || character === 'P') return this.#property();
    if (character === 'x') return this.#hexadecimal();
    if (character === 'o') return this.#octal();
    if (character === 'c') return this.#control();
    const simple = 'afnrte'.indexOf(character);
    if (simple >= 0) return [7, 12, 10, 13, 9, 27][simple];
    if (/[0-7]/.test(character)) {
      const digits = /^[0-7]{1,3}/.exec(this.#text.slice(start + 1, start + 4))?.[0] ?? '0';
      this.#at = start + 1 + digits.length;
      const code = Number.parseInt(digits, 8);
      if (code > 0xff) fail('octal value is greater than \\377');
      return code;
    }
    if (/[A-Za-z]/.test(character)) fail('unrecognized character follows \\');
    return character.charCodeAt(0);
  }

  #property(): undefined {
    const match = /^(?:\{([^}]*)\}|([A-Za-z]))/.exec(this.#rest(80));
    if (match === null) fail('malformed \\P or \\p sequence');
    const name = match[1] ?? match[2] ?? '';
    if (!isPcreProperty(name)) fail(`unknown property ${name} after \\P or \\p`);
    this.#at += match[0].length;
    return undefined;
  }

  #hexadecimal(): number {
    const rest = this.#rest(20);
    const braced = /^\{\s*([0-9A-Fa-f]+)\s*\}/.exec(rest);
    if (braced === null && rest.startsWith('{')) fail('non-hex character in \\x{} (closing brace missing?)');
    const digits = braced?.[1] ?? /^[0-9A-Fa-f]{0,2}/.exec(rest)?.[0] ?? '';
    const code = digits === '' ? 0 : Number.parseInt(digits, 16);
    if (code > 0xff) fail('character code point value in \\x{} or \\o{} is too large');
    this.#at += braced?.[0].length ?? digits.length;
    return code;
  }

  #octal(): number {
    const match = /^\{\s*([0-7]+)\s*\}/.exec(this.#rest(20));
    if (match === null) fail('missing opening brace after \\o');
    const code = Number.parseInt(match[1] ?? '', 8);
    if (code > 0xff) fail('character code point value in \\x{} or \\o{} is too large');
    this.#at += match[0].length;
    return code;
  }

  #control(): number {
    const character = this.#text[this.#at] ?? '';
    if (!/[ -~]/.test(character)) fail('\\c must be followed by a printable ASCII character');
    this.#at += 1;
    return character.toUpperCase().charCodeAt(0) ^ 0x40;
  }

  #classOrWordEdge(): boolean {
    if (/^\[\[:[<>]:\]\]/.test(this.#rest(7))) {
      this.#at += 7;
      return true;
    }
    if (/^\[[:.=][^\]]*?[:.=]\]/.test(this.#rest(80)) && /^\[([:.=])(?:[^\]\\]*?)\1\]/.test(this.#rest(80)))
      fail('POSIX named classes are supported only within a class');
    this.#class();
    return true;
  }

  #class(): void {
    this.#at += 1;
    this.#skipEmptyQuotes();
    if (this.#text[this.#at] === '^') this.#at += 1;
    this.#skipEmptyQuotes();
    let first = true;
    // The code of the character that a range could start with; a set or nothing cannot start one.
    let previous: number | 'set' | undefined;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined) fail('missing terminating ] for character class');
      if (character === ']' && !first) break;
      first = false;
      if (character === '-' && previous !== undefined && this.#text[this.#at + 1] !== ']') {
        previous = this.#rangeEnd(previous);
      } else {
        previous = this.#classItem(character);
      }
    }
    this.#at += 1;
  }

  /** What quotes nothing does not keep `^` and `]` from being first in a class. */
  #skipEmptyQuotes(): void {
    const match = /^(?:\\Q\\E|\\E)+/.exec(this.#rest(200));
    this.#at += match?.[0].length ?? 0;
  }

  #rangeEnd(start: number | 'set'): undefined {
    this.#at += 1;
    const character = this.#text[this.#at];
    if (character === undefined) fail('missing terminating ] for character class');
    const end = this.#classItem(character);
    if (start === 'set' || end === 'set') fail('invalid range in character class');
    if (end !== undefined && end < start) fail('range out of order in character class');
    return undefined;
  }

  #classItem(character: string): number | 'set' | undefined {
    if (character === '[') {
      const posix = /^\[([:.=])(\^?)((?:[^\]\\:.=])*)\1\]/.exec(this.#rest(40));
      if (posix !== null) return this.#posixClass(posix);
    }
    if (character !== '\\') {
      this.#at += 1;
      return character.charCodeAt(0);
    }
    const escaped = this.#text[this.#at + 1];
    if (escaped === undefined) fail('\\ at end of pattern');
    if (escaped === 'Q') {
      this.#quoted();
      return undefined;
    }
    if (escaped === 'E') {
      this.#at += 2;
      return undefined;
    }
    if (escaped === 'b') {
      this.#at += 2;
      return 8;
    }
    if (/[89g]/.test(escaped)) {
      this.#at += 2;
      return escaped.charCodeAt(0);
    }
    if (/[BRXN]/.test(escaped)) fail('escape sequence is invalid in character class');
    return this.#characterEscape(escaped) ?? 'set';
  }

  #posixClass(match: RegExpExecArray): 'set' {
    if (match[1] !== ':') fail('POSIX collating elements are not supported');
    if (!posixNames.test(match[3] ?? '')) fail('unknown POSIX class name');
    this.#at += match[0].length;
    return 'set';
  }

  #group(): boolean {
    const head = this.#rest(140);
    if (head.startsWith('(*')) return this.#verb();
    if (!head.startsWith('(?')) {
      this.#groups += 1;
      return this.#body(1);
    }
    return this.#specialGroup(head);
  }

  #verb(): boolean {
    const rest = this.#rest(400);
    const assertion = namedAssertion.exec(rest);
    if (assertion !== null) return this.#body(assertion[0].length);
    const match = verb.exec(rest);
    if (match === null) fail('(*VERB) not recognized or malformed');
    this.#at += match[0].length;
    return match[0].startsWith('(*ACCEPT');
  }

  #specialGroup(head: string): boolean {
    const plain = /^\(\?(?:[:|>=!*]|<[=!*])/.exec(head);
    if (plain !== null) return /[=!*]$/.test(plain[0]) ? this.#assertion(plain[0].length) : this.#body(plain[0].length);
    const named = /^\(\?P?<([^>]*)>|^\(\?'([^']*)'/.exec(head);
    if (named !== null) return this.#namedGroup(named[0].length, named[1] ?? named[2] ?? '');
    const call = /^\(\?(?:R|&(\w+)|P>(\w+)|P=(\w+)|([+-]?\d+))\)/.exec(head);
    if (call !== null) return this.#call(call);
    if (head.startsWith('(?(')) return this.#conditional();
    const callout = /^\(\?C(?:\d{0,3}|'[^']*'|"[^"]*")\)/.exec(head);
    if (callout !== null) {
      if (Number(callout[0].slice(3, -1)) > 255) fail('number after (?C is greater than 255');
      this.#at += callout[0].length;
      return false;
    }
    return this.#flags(head);
  }

  #assertion(width: number): boolean {
    this.#assertions += 1;
    const repeatable = this.#body(width);
    this.#assertions -= 1;
    return repeatable;
  }

  #namedGroup(width: number, name: string): boolean {
    if (groupName.exec(name)?.[0] !== name)
      fail('subpattern name must start with a non-digit and hold letters, digits and _');
    if (this.#names.has(name) && !this.#duplicateNames) fail('two named subpatterns have the same name');
    this.#names.add(name);
    this.#groups += 1;
    return this.#body(width);
  }

  #call(match: RegExpExecArray): boolean {
    const name = match[1] ?? match[2] ?? match[3];
    if (name !== undefined) this.#usedNames.push(name);
    if (match[4] !== undefined) this.#reference(match[4]);
    this.#at += match[0].length;
    return true;
  }

  #conditional(): boolean {
    const condition = /^\(\?\((?:([+-]?\d+)|<(\w+)>|'(\w+)'|R\d*|R&\w+|DEFINE|VERSION>?=[\d.]+|([A-Za-z_]\w*))\)/.exec(
      this.#rest(140),
    );
    if (condition === null) {
      if (!/^\(\?\(\?(?:=|!|<=|<!)/.test(this.#rest(8))) fail('malformed condition');
      this.#at += 2;
      this.#group();
      return this.#branches(0);
    }
    if (condition[1] !== undefined) this.#reference(condition[1]);
    const name = condition[2] ?? condition[3] ?? condition[4];
    if (name !== undefined) this.#usedNames.push(name);
    return this.#branches(condition[0].length);
  }

  #branches(width: number): boolean {
    const before = this.#enter(width);
    if (this.#alternatives() > 2) fail('conditional subpattern contains more than two branches');
    return this.#leave(before);
  }

  #flags(head: string): boolean {
    const match = flags.exec(head);
    if (match === null) fail('unrecognized character after (? or (?-');
    const [on = '', off = ''] = match[0].slice(2, -1).split('-');
    const extendedOutside = this.#extended;
    if (on.includes('J')) this.#duplicateNames = true;
    if (on.includes('x')) this.#extended = true;
    if (off.includes('x') || on.startsWith('^')) this.#extended = on.includes('x') && !off.includes('x');
    if (match[1] === ':') {
      this.#body(match[0].length);
      this.#extended = extendedOutside;
      return true;
    }
    this.#at += match[0].length;
    return false;
  }

  #body(width: number): boolean {
    const before = this.#enter(width);
    this.#alternatives();
    return this.#leave(before);
  }

  #enter(width: number): number {
    const before = this.#depth;
    this.#at += width;
    this.#depth += 1;
    if (this.#depth > 250) fail('parentheses are too deeply nested');
    return before;
  }

  #leave(depth: number): boolean {
    if (this.#text[this.#at] !== ')') fail('missing closing parenthesis');
    this.#at += 1;
    this.#depth = depth;
    return true;
  }
}

function fail(message: string): never {
  throw new SyntaxProblem(message);
}
