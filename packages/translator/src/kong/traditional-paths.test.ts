import { describe, expect, it } from '@jest/globals';
import type { PathType } from '../kubernetes/ingress.ts';
import { traditionalPaths } from './traditional-paths.ts';
import type { TraditionalPathOptions } from './traditional-paths.ts';

function paths(path: string, pathType: PathType, options: Partial<TraditionalPathOptions> = {}): readonly string[] {
  return traditionalPaths([{ path, pathType, location: [] }], {
    regexPrefix: undefined,
    legacyRegexDetection: false,
    ...options,
  });
}

describe('traditionalPaths', () => {
  it('matches a prefix by segment: below it, and itself', () => {
    expect(paths('/cart', 'Prefix')).toEqual(['/cart/', '~/cart$']);
    expect(paths('/cart/', 'Prefix')).toEqual(['/cart/', '~/cart$']);
    expect(paths('/', 'Prefix')).toEqual(['/']);
  });

  it('matches an exact path as a whole, with its trailing slash', () => {
    expect(paths('/health', 'Exact')).toEqual(['~/health$']);
    expect(paths('/foo/', 'Exact')).toEqual(['~/foo/$']);
    expect(paths('/', 'Exact')).toEqual(['~/$']);
    expect(paths('/a.b', 'Exact')).toEqual(['~/a.b$']);
  });

  it('takes an implementation-specific path as it is', () => {
    expect(paths('/.well-known/acme-challenge/x', 'ImplementationSpecific')).toEqual(['/.well-known/acme-challenge/x']);
  });

  it('replaces the default regex prefix in whatever path it ends up in', () => {
    expect(paths('/~/foo/\\d{3}', 'ImplementationSpecific')).toEqual(['~/foo/\\d{3}']);
    expect(paths('/~foo', 'Prefix')).toEqual(['~foo/', '~/~foo$']);
  });

  it('knows a regex prefix of its own, and takes all paths for regular expressions where it is empty', () => {
    expect(paths('/@/a', 'ImplementationSpecific', { regexPrefix: '/@' })).toEqual(['~/a']);
    expect(paths('/~/a', 'ImplementationSpecific', { regexPrefix: '/@' })).toEqual(['/~/a']);
    expect(paths('/b', 'Prefix', { regexPrefix: '' })).toEqual(['~/b/', '~~/b$']);
  });

  it('recognises regular expressions by their characters only when told to', () => {
    expect(paths('/a\\d', 'ImplementationSpecific')).toEqual(['/a\\d']);
    const legacy = { legacyRegexDetection: true };
    expect(paths('/a\\d', 'ImplementationSpecific', legacy)).toEqual(['~/a\\d']);
    expect(paths('/a-b_c.d~e%20/9', 'ImplementationSpecific', legacy)).toEqual(['/a-b_c.d~e%20/9']);
    expect(paths('/p+', 'Prefix', legacy)).toEqual(['~/p+/', '~/p+$']);
  });

  it('keeps regex replacement patterns in a path as they are', () => {
    expect(paths("/~/$&$'$1", 'ImplementationSpecific')).toEqual(["~/$&$'$1"]);
  });
});
