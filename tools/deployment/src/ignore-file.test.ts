import { describe, expect, it } from '@jest/globals';
import { parseIgnoreFile } from './ignore-file.ts';

const isIgnored = parseIgnoreFile('# all but the sources\n*\n!apps\n!LICENSE\n\n**/node_modules\n**/*.test.ts\n');

describe('parseIgnoreFile', () => {
  it('lets the last line decide that matches a path or a folder it is in', () => {
    expect(['LICENSE', 'apps', 'apps/iic/src/main.ts'].filter(isIgnored)).toEqual([]);
    const ignored = ['README.md', 'docs/a/b.md', 'apps/node_modules/x/y.js', 'node_modules', 'apps/a.test.ts'];
    expect(ignored.filter((path) => !isIgnored(path))).toEqual([]);
  });

  it('takes a star for part of one name, and dots for dots', () => {
    const matches = parseIgnoreFile('a*c\n*.ts');
    expect(['abc', 'ac', 'x.ts'].map(matches)).toEqual([true, true, true]);
    expect(['a/c', 'xts'].map(matches)).toEqual([false, false]);
  });
});
