/** The parts of a URL as Kong's parser finds them; nothing is lower-cased or decoded. */
export interface UrlParts {
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  /** What stands behind the last colon of the authority, number or not. */
  readonly port: string | undefined;
  readonly path: string | undefined;
  readonly hasFragment: boolean;
}

/**
 * Splits a URL as loosely as Kong does. The authority ends at the next slash only: in `http://h?q` the host is `h?q`.
 * A fragment, and behind the authority a query and parameters, are cut off.
 */
export function splitUrl(url: string): UrlParts {
  const fragment = url.indexOf('#');
  const bare = fragment < 0 ? url : url.slice(0, fragment);
  const match = /^(?:([A-Za-z0-9][A-Za-z0-9+\-.]*):)?(?:\/\/([^/]*))?([^?;]*)/.exec(bare);
  const authority = (match?.[2] ?? '').replace(/^[^@]*@/, '');
  const port = /:([^:\]]*)$/.exec(authority)?.[1];
  const host = port === undefined ? authority : authority.slice(0, -port.length - 1);
  return {
    scheme: match?.[1],
    host: host === '' ? undefined : host.replace(/^\[(.+)\]$/s, '$1'),
    port,
    path: match?.[3] === '' ? undefined : match?.[3],
    hasFragment: fragment >= 0,
  };
}
