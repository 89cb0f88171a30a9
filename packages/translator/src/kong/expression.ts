/** A router expression or a part of one, as text; empty when it demands nothing. */
export type Matcher = string;

/** `http.path ^= "/cart/"` */
export function predicate(field: string, operator: '==' | '^=' | '=^' | '~', value: string): Matcher {
  return `${field} ${operator} "${value.replace(/["\\\n\r\t]/g, (character) => ESCAPES[character] ?? character)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export function allOf(matchers: readonly Matcher[]): Matcher {
  return join(matchers, ' && ');
}

export function anyOf(matchers: readonly Matcher[]): Matcher {
  return join(matchers, ' || ');
}

/** Parentheses around each part, none around a single one; empty parts say nothing and are dropped. */
function join(matchers: readonly Matcher[], operator: string): Matcher {
  const parts = matchers.filter((matcher) => matcher !== '');
  return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => `(${part})`).join(operator);
}
