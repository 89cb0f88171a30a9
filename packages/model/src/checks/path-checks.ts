import { checkPcre } from '../regex/pcre.ts';

const rfc3986Path = /^\/[A-Za-z0-9.\-_~/%!$&'()*+,;=:@]*$/;
/** Characters that mean something in a path or query: their encoded form is not the same as the plain one. */
const reserved = new Set(Array.from("!#$%&'()*+,/:;=?@[]", (character) => character.charCodeAt(0)));

/** A path begins with a slash. */
export function checkStartsWithSlash(value: string): string | undefined {
  return value.startsWith('/') ? undefined : 'should start with: /';
}

/** No `//`. */
export function checkNoEmptySegments(value: string): string | undefined {
  return value.includes('//') ? 'must not have empty segments' : undefined;
}

/** The characters of a path in RFC 3986, correctly percent-encoded. */
export function checkUrlPath(value: string): string | undefined {
  if (rfc3986Path.test(value)) return checkPercentEncoding(value);
  return `invalid path: '${value}' (characters outside of the reserved list of RFC 3986 found)`;
}

/** A path of a route: a prefix, or a regular expression after `~`. */
export function checkRoutePathStart(value: string): string | undefined {
  const good = value.startsWith('/') || value.startsWith('~/');
  return good ? undefined : 'should start with: / (fixed path) or ~/ (regex path)';
}

/** A prefix path is in normal form, or a regular expression compiles. */
export function checkRoutePath(value: string): string | undefined {
  if (!value.startsWith('~')) return checkPrefixPath(value);
  return checkRegex(value.slice(1));
}

/** Before 3.1 prefix paths were not normalised. */
export function checkRoutePathBefore31(value: string): string | undefined {
  return value.startsWith('~') ? checkRegex(value.slice(1)) : undefined;
}

/** Before 3.0 there was no `~`: whatever is no plain path is a regular expression. */
export function checkRoutePathBefore30(value: string): string | undefined {
  return rfc3986Path.test(value) ? checkPercentEncoding(value) : checkRegex(value);
}

function checkRegex(pattern: string): string | undefined {
  const problem = checkPcre(pattern);
  return problem === undefined ? undefined : `invalid regex: '${pattern}' (${problem})`;
}

function checkPrefixPath(value: string): string | undefined {
  const encoding = checkPercentEncoding(value);
  if (encoding !== undefined) return encoding;
  const normal = normalPath(value);
  return value === normal ? undefined : `non-normalized path, consider use '${normal}' instead`;
}

function checkPercentEncoding(value: string): string | undefined {
  if (!value.includes('%')) return undefined;
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(value);
  return broken === null ? undefined : `invalid url-encoded value: '${broken[0]}'`;
}

/**
 * The normal form of a prefix path: what need not be encoded is decoded, hex digits are upper case, `.` and `..` are
 * resolved.
 * @see Kong Gateway, `kong/tools/uri.lua`
 */
function normalPath(path: string): string {
  const decoded = path.includes('%') ? decodeUnreserved(path) : path;
  return decoded.includes('/.') ? withoutDots(decoded) : decoded;
}

function decodeUnreserved(path: string): string {
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Array.from(run.matchAll(/%(..)/g), (triplet) => Number.parseInt(triplet[1] ?? '', 16));
    const kept = bytes.map((byte) => (reserved.has(byte) ? Buffer.from(triplet(byte)) : Buffer.from([byte])));
    return Buffer.concat(kept).toString('utf8');
  });
}

function triplet(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function withoutDots(path: string): string {
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  parts.forEach((part, index) => {
    const last = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part !== '.' && part !== '..') segments.push(part);
    else if (last) segments.push('');
  });
  return `/${segments.join('/')}`;
}
