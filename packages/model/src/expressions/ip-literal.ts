import { ipKind, isIpv6 } from '../checks/host-checks.ts';

/**
 * What the router says of an address or, with a `/`, of a range: it knows no IPv6 address that ends in an IPv4 one, and
 * in a range all bits behind the prefix must be zero.
 * @returns Undefined for a good literal, else what is wrong.
 */
export function checkIpLiteral(text: string): string | undefined {
  const [address = '', prefix] = text.split('/');
  const isSix = isIpv6(address) && !address.includes('.');
  if (!isSix && (address.startsWith('[') || ipKind(address) !== 'ipv4')) return 'invalid IP address syntax';
  if (prefix === undefined) return undefined;
  const width = isSix ? 128 : 32;
  if (Number(prefix) > width) return 'invalid IP address syntax: the prefix is too long';
  const value = isSix ? ipv6Value(address) : ipv4Value(address);
  const rest = BigInt(width) - BigInt(prefix);
  return (value >> rest) << rest === value ? undefined : 'host part of address was not zero';
}

/** What a classic route's address becomes in its expression: Kong clears the host bits of IPv4 ranges, but not of `/0`. */
export function checkRouteAddress(text: string): string | undefined {
  const [address = '', prefix] = text.split('/');
  const isCleared = ipKind(address) === 'ipv4' && Number(prefix) > 0;
  return checkIpLiteral(isCleared ? address : text);
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function ipv6Value(address: string): bigint {
  const [left = [], right = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}
