/** What Kong 2.x takes for a plain prefix; any other character makes it read the path as a regular expression. */
const plainPath = /^[a-zA-Z0-9._~/%-]*$/;

const brokenEscape = /%(?![0-9a-f]{2})/i;

/**
 * Writes a path of Kong 3.x for Kong 2.x, which has no `~` mark and guesses instead.
 * @returns Undefined when 2.x would read it as something else.
 * @see Kong Gateway 2.8.5, `kong/router.lua`, for the guess
 */
export function pathFor2x(path: string): string | undefined {
  // Kong 3 takes the path as it stands; 2.x must not take it for a regular expression.
  if (!path.startsWith('~')) return plainPath.test(path) ? path : undefined;
  const regex = path.slice(1);
  if (!regex.startsWith('/')) return undefined; // 2.x: "should start with: /"
  if (!plainPath.test(regex)) return regex;
  // 2.x takes it for a prefix and wants whole escapes in it. The meaning stays, because Kong anchors a regex at its start
  // only, unless a dot is in it.
  return regex.includes('.') || brokenEscape.test(regex) ? undefined : regex;
}
