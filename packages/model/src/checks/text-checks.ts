import { splitUrl } from './url.ts';

/** Checks of single texts by their characters. Each answers undefined, or what is wrong. */

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const nameForm = /^[A-Za-z0-9.\-_~\u0080-\uffff]+$/;
// Printable ASCII without comma and slash, or anything beyond ASCII.
const tagForm = /^[ -+\-.0-~\u0080-\uffff]+$/;
const headerForm = /^[A-Za-z0-9_-]+$/;
// An HTTP token: no control, no separators, nothing beyond ASCII.
const cookieForm = /^[!#$%&'*+\-.0-9A-Z^_`a-z|~]+$/;

/** Any UUID, in either case. */
export function checkUuid(value: string): string | undefined {
  return uuidForm.test(value) ? undefined : 'expected a valid UUID';
}

/** Letters, digits, `.-_~`, and anything beyond ASCII. */
export function checkUtf8Name(value: string): string | undefined {
  if (nameForm.test(value) && value.isWellFormed()) return undefined;
  return `invalid value '${value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`;
}

/** Printable characters without comma and slash. */
export function checkTag(value: string): string | undefined {
  if (tagForm.test(value) && value.isWellFormed()) return undefined;
  return `invalid tag '${value}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;
}

/** Tags of nodes before 3.0 had no spaces. */
export function checkTagBefore30(value: string): string | undefined {
  return value.includes(' ') ? `invalid tag '${value}': expected printable ascii without spaces` : checkTag(value);
}

/** The name of an HTTP header. */
export function checkHeaderName(value: string): string | undefined {
  if (headerForm.test(value)) return undefined;
  return `bad header name '${value}', allowed characters are A-Z, a-z, 0-9, '_', and '-'`;
}

/** Hosts of a route have a field of their own. */
export function checkNotHostHeader(value: string): string | undefined {
  if (value.length !== 4 || value.toLowerCase() !== 'host') return undefined;
  return "cannot contain 'host' header, which must be specified in the 'hosts' attribute";
}

/** The name of a cookie. */
export function checkCookieName(value: string): string | undefined {
  if (cookieForm.test(value)) return undefined;
  return (
    'contains one or more invalid characters. ASCII control characters (0-31;127), space, tab and the characters ' +
    '()<>@,;:\\"/?={}[] are not allowed.'
  );
}

/** Upper-case letters only. */
export function checkHttpMethod(value: string): string | undefined {
  return matches(value, /^[A-Z]+$/);
}

/** Lower-case letters, digits and `-`, at least two, beginning with a letter and not ending in `-`. */
export function checkVaultPrefix(value: string): string | undefined {
  return matches(value, /^[a-z][a-z0-9-]*[a-z0-9]$/);
}

/** The prefix of environment variables that a vault reads. */
export function checkEnvironmentPrefix(value: string): string | undefined {
  return matches(value, /^[A-Za-z_-][A-Za-z0-9_-]*$/);
}

/** Letters, digits, `-` and `_`. Whether a plugin of that name exists is for others to say. */
export function checkPluginName(value: string): string | undefined {
  return matches(value, /^[A-Za-z0-9_-]+$/);
}

/** Digits and dots, with an optional suffix, and no empty segments. */
export function checkNodeVersion(value: string): string | undefined {
  if (value.includes('..')) return 'must not have empty version segments';
  return /^\d/.test(value) ? undefined : 'invalid version number: must be in format of X.Y.Z';
}

/** A URI with scheme and host and without a fragment. */
export function checkRedirectUri(value: string): string | undefined {
  const { scheme, host, hasFragment } = splitUrl(value);
  if (scheme === undefined || host === undefined) return `cannot parse '${value}'`;
  return hasFragment ? `fragment not allowed in '${value}'` : undefined;
}

function matches(value: string, form: RegExp): string | undefined {
  return form.test(value) ? undefined : `invalid value: ${value}`;
}
