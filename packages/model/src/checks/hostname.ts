/** What Kong takes a text for: the number of colons and the characters decide, not whether it is valid. */
export type HostKind = 'name' | 'ipv4' | 'ipv6';

/** A host with an optional port, in Kong's normal form. */
export interface Host {
  readonly kind: HostKind;
  readonly host: string;
  readonly port: number | undefined;
}

export type HostProblem = 'invalid' | 'port';

const ipv4Form = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::(\d+))?$/;
const nameForm = /^[A-Za-z0-9\-._]+$/;
const portForm = /:(\d+)$/;
const groupForm = /^[0-9a-fA-F]{1,4}$/;

/** Which of the three kinds a text is read as. */
export function hostKind(text: string): HostKind {
  const colons = text.split(':').length - 1;
  if (colons > 1) return 'ipv6';
  return /^[\d.]+$/.test(colons === 0 ? text : text.replace(':', '')) ? 'ipv4' : 'name';
}

/**
 * Reads a host with an optional port. Port numbers end at 65535; an address with a port needs brackets if it is IPv6.
 * @see Kong Gateway, `kong/tools/ip.lua`
 */
export function parseHost(text: string): Host | HostProblem {
  const kind = hostKind(text);
  if (kind === 'ipv4') return parseIpv4(text);
  return kind === 'ipv6' ? parseIpv6(text) : parseName(text);
}

function parseIpv4(text: string): Host | HostProblem {
  const match = ipv4Form.exec(text);
  if (match === null) return 'invalid';
  const parts = match.slice(1, 5).map(Number);
  if (parts.some((part) => part > 255)) return 'invalid';
  return withPort('ipv4', parts.join('.'), match[5]);
}

function parseIpv6(text: string): Host | HostProblem {
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(text);
  if (bracketed === null) {
    const host = expandIpv6(text);
    return host === undefined ? 'invalid' : { kind: 'ipv6', host, port: undefined };
  }
  const port = bracketed[2] === '' ? undefined : /^:(\d+)$/.exec(bracketed[2] ?? '')?.[1];
  if (bracketed[2] !== '' && port === undefined) return 'invalid';
  const host = expandIpv6(bracketed[1] ?? '');
  return host === undefined ? 'invalid' : withPort('ipv6', host, port);
}

/** Expands to eight groups of four lower-case digits in brackets. */
function expandIpv6(address: string): string | undefined {
  let text = address;
  if (text.startsWith(':')) text = `0${text}`;
  if (text.endsWith(':')) text = `${text}0`;
  const gap = text.indexOf('::');
  if (gap >= 0) {
    const missing = 8 - (text.split(':').length - 1);
    text = `${text.slice(0, gap)}:${'0:'.repeat(Math.max(0, missing))}${text.slice(gap + 2)}`;
  }
  const groups = text.split(':');
  if (groups.length !== 8 || !groups.every((group) => groupForm.test(group))) return undefined;
  return `[${groups.map((group) => group.padStart(4, '0')).join(':')}]`.toLowerCase();
}

function parseName(text: string): Host | HostProblem {
  const port = portForm.exec(text)?.[1];
  const name = port === undefined ? text : text.slice(0, -port.length - 1);
  if (port !== undefined && Number(port) > 65535) return 'port';
  if (!nameForm.test(name)) return 'invalid';
  const labels = name.split('.');
  const bad = labels.some((label, index) => label.endsWith('-') || (label === '' && index !== labels.length - 1));
  return bad ? 'invalid' : withPort('name', name, port);
}

function withPort(kind: HostKind, host: string, port: string | undefined): Host | HostProblem {
  if (port === undefined) return { kind, host, port: undefined };
  const number = Number(port);
  return number > 65535 ? 'port' : { kind, host, port: number };
}
