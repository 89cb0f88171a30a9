import { hostKind, parseHost } from './hostname.ts';

/** Each check answers undefined for a good value, or the message of what is wrong with it. */
export type Check = (value: string) => string | undefined;

/** A host without a port. */
export function checkHost(value: string): string | undefined {
  const host = parseHost(value);
  if (host === 'invalid') return `invalid value: ${value}`;
  return host === 'port' || host.port !== undefined ? 'must not have a port' : undefined;
}

/** A host with or without a port. */
export function checkHostOptPort(value: string): string | undefined {
  const host = parseHost(value);
  if (host === 'invalid') return `invalid hostname: ${value}`;
  return host === 'port' ? 'invalid port number' : undefined;
}

/** A host name, not an address, without a port. */
export function checkSni(value: string): string | undefined {
  const host = parseHost(value);
  if (host === 'invalid') return `invalid value: ${value}`;
  if (hostKind(value) !== 'name') return 'must not be an IP';
  return host === 'port' || host.port !== undefined ? 'must not have a port' : undefined;
}

/** As a server name, but with an optional `*` as the very first or very last character. */
export function checkWildcardHost(value: string): string | undefined {
  const at = value.indexOf('*');
  if (at < 0) return checkSni(value);
  if (at !== 0 && at !== value.length - 1) return 'wildcard must be leftmost or rightmost character';
  if (value.indexOf('*', at + 1) >= 0) return 'only one wildcard must be specified';
  return checkSni(value.replace('*', 'wildcard'));
}

/** At most one `*`, and only as the first or the last label. */
export function checkRouteWildcard(value: string): string | undefined {
  const first = value.indexOf('*');
  if (first < 0) return undefined;
  if (value.indexOf('*', first + 1) >= 0) return 'invalid wildcard: must have at most one wildcard';
  if (value.startsWith('*.') || value.endsWith('.*')) return undefined;
  return 'invalid wildcard: must be placed at leftmost or rightmost label';
}

/** A host of a route: wildcards stand for any label, a port is allowed. */
export function checkRouteHost(value: string): string | undefined {
  return checkHostOptPort(value.replaceAll('*', 'abc'));
}

/** The name of an upstream: a name, not an address, without a port. */
export function checkUpstreamName(value: string): string | undefined {
  if (hostKind(value) === 'name') {
    const host = parseHost(value);
    if (typeof host === 'string') return `Invalid name ('${value}'); must be a valid hostname`;
    return host.port === undefined ? undefined : `Invalid name ('${value}'); no port allowed`;
  }
  const host = parseHost(value);
  if (typeof host === 'string') return `Invalid name ('${value}'); must be a valid hostname`;
  return `Invalid name ('${value}'); no ip addresses allowed`;
}

/** The address of a target: a host with or without a port. */
export function checkTarget(value: string): string | undefined {
  if (typeof parseHost(value) !== 'string') return undefined;
  return `Invalid target ('${value}'); not a valid hostname or ip address`;
}

const ipv4Prefixes = new Set(Array.from({ length: 33 }, (_, bits) => String(bits)));
const ipv6Prefixes = new Set(Array.from({ length: 129 }, (_, bits) => String(bits)));

/** An address, or a range in prefix notation. */
export function checkIpOrCidr(value: string): string | undefined {
  const slash = value.indexOf('/');
  const address = slash < 0 ? value : value.slice(0, slash);
  const kind = ipKind(address);
  if (kind === undefined) return `invalid ip or cidr range: '${value}'`;
  const prefixes = kind === 'ipv4' ? ipv4Prefixes : ipv6Prefixes;
  return slash < 0 || prefixes.has(value.slice(slash + 1)) ? undefined : `invalid ip or cidr range: '${value}'`;
}

/** An address without a range. */
export function checkIp(value: string): string | undefined {
  return ipKind(value) === undefined ? `not an ip address: ${value}` : undefined;
}

const strictIpv4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/** Addresses as inet_pton reads them (no leading zeros, `::` once, a trailing IPv4 part), brackets dropped. */
export function ipKind(value: string): 'ipv4' | 'ipv6' | undefined {
  if (isIpv4(value)) return 'ipv4';
  const bare = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  return isIpv6(bare) ? 'ipv6' : undefined;
}

function isIpv4(value: string): boolean {
  return strictIpv4.test(value) && value.split('.').every((part) => Number(part) < 256);
}

/** Whether a text is an IPv6 address without brackets or zone. */
export function isIpv6(value: string): boolean {
  const halves = value.split('::');
  if (halves.length > 2) return false;
  const left = groupsOf(halves[0] ?? '', halves.length === 1);
  const right = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : 0;
  if (left === undefined || right === undefined) return false;
  return halves.length === 2 ? left + right <= 7 : left === 8;
}

/** How many 16-bit groups a part of an address has; an IPv4 address at the end counts as two. */
function groupsOf(text: string, mayEndInIpv4: boolean): number | undefined {
  if (text === '') return 0;
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  const ipv4 = mayEndInIpv4 && isIpv4(last);
  const plain = ipv4 ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return plain.length + (ipv4 ? 2 : 0);
}
