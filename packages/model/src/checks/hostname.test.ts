import { describe, expect, it } from '@jest/globals';
import {
  checkHost,
  checkIpOrCidr,
  checkRouteHost,
  checkRouteWildcard,
  checkUpstreamName,
  checkWildcardHost,
  ipKind,
} from './host-checks.ts';
import { parseHost } from './hostname.ts';

describe('parseHost', () => {
  it.each([
    ['010.0.0.001:80', { kind: 'ipv4', host: '10.0.0.1', port: 80 }],
    ['2001:DB8::A', { kind: 'ipv6', host: '[2001:0db8:0000:0000:0000:0000:0000:000a]', port: undefined }],
    ['[::1]:443', { kind: 'ipv6', host: '[0000:0000:0000:0000:0000:0000:0000:0001]', port: 443 }],
    ['a_b.example.', { kind: 'name', host: 'a_b.example.', port: undefined }],
    ['-a:80', { kind: 'name', host: '-a', port: 80 }],
  ])('reads %s', (text, host) => {
    expect(parseHost(text)).toEqual(host);
  });

  it.each([
    '1.2.3',
    '10.0.0.256',
    '::zz',
    '1:2:3:4:5:6:7:8:9',
    '[::1',
    '[::1]x',
    '.a',
    'a..b',
    'a-',
    'a-.b',
    'a b',
    'ä',
    '',
  ])('refuses %j', (text) => {
    expect(parseHost(text)).toBe('invalid');
  });

  it.each(['a:65536', '1.2.3.4:99999', '[::1]:65536'])('tells a port beyond 65535 from a bad host: %s', (text) => {
    expect(parseHost(text)).toBe('port');
  });
});

describe('host checks', () => {
  it('allows no port on a host', () => {
    expect(checkHost('a.b:80')).toBe('must not have a port');
    expect(checkHost('[::1]')).toBeUndefined();
  });

  it('allows a wildcard only at the ends of a server name', () => {
    expect(['*', '*.a', 'a.*', '*a', 'a*', '*.'].map(checkWildcardHost)).toEqual(Array(6).fill(undefined));
    expect(checkWildcardHost('a.*.b')).toBe('wildcard must be leftmost or rightmost character');
    expect(checkWildcardHost('*.a.*')).toBe('only one wildcard must be specified');
    expect(checkWildcardHost('10.0.0.1')).toBe('must not be an IP');
  });

  it('allows a wildcard only as the first or last label of a route host', () => {
    expect(['*.a', 'a.*', '*.a:80', 'a'].map((host) => checkRouteWildcard(host) ?? checkRouteHost(host))).toEqual(
      Array(4).fill(undefined),
    );
    expect(['*', '*a', 'a*', 'a.*:80', '*.*'].map(checkRouteWildcard)).not.toContain(undefined);
  });

  it('tells upstream names from addresses and ports', () => {
    expect(checkUpstreamName('a.b')).toBeUndefined();
    expect(checkUpstreamName('1.2.3.4')).toContain('no ip addresses allowed');
    expect(checkUpstreamName('a:80')).toContain('no port allowed');
    expect(checkUpstreamName('123')).toContain('must be a valid hostname');
  });

  it('reads addresses and ranges as the operating system does', () => {
    expect(
      ['10.0.0.1', '0.0.0.0/0', '10.1.2.3/8', '::1', '::ffff:10.0.0.1', 'fe80::/10', '[::1]', '1::8/128'].map(
        checkIpOrCidr,
      ),
    ).toEqual(Array(8).fill(undefined));
    expect(
      ['10.0', '010.0.0.1', '10.0.0.0/08', '10.0.0.0/33', '::1/129', '1::2::3', ':1', 'a', ''].map(checkIpOrCidr),
    ).not.toContain(undefined);
    expect(ipKind('1:2:3:4:5:6:7::')).toBe('ipv6');
  });
});
