import { describe, expect, it } from '@jest/globals';
import type { ObjectProblem } from '../objects.ts';
import { FieldReader, formatPath } from './field-reader.ts';

function reader(object: unknown): { fields: FieldReader; problems: ObjectProblem[] } {
  const problems: ObjectProblem[] = [];
  return { fields: FieldReader.of(object, { kind: 'Secret', namespace: 'shop', name: 'tls' }, problems), problems };
}

describe('FieldReader', () => {
  it('reads what is there and takes null for absent', () => {
    const { fields, problems } = reader({ spec: { name: 'web', port: 80, on: false, hosts: ['a'], none: null } });
    const spec = fields.at('spec');
    expect([
      spec.string('name'),
      spec.port('port'),
      spec.boolean('on'),
      spec.strings('hosts'),
      spec.string('none'),
    ]).toEqual(['web', 80, false, ['a'], undefined]);
    expect(fields.at('missing').at('deeper').string('name')).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it('reports a field of the wrong type once, with its path and without its value', () => {
    const { fields, problems } = reader({ data: { 'tls.key': ['hunter2'] } });
    expect(fields.at('data').string('tls.key')).toBeUndefined();
    expect(fields.at('data').string('tls.key')).toBeUndefined();
    expect(problems.map(({ path }) => path)).toEqual([['data', 'tls.key']]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('keeps the good items of a list', () => {
    const { fields, problems } = reader({ list: [1, { a: 'x' }, null], words: ['a', 2] });
    expect(fields.records('list').map((item) => item.string('a'))).toEqual(['x']);
    expect(fields.strings('words')).toEqual(['a']);
    expect(problems.map(({ path }) => formatPath(path))).toEqual(['list[0]', 'list[2]', 'words[1]']);
  });

  it('does not take inherited properties for fields', () => {
    expect(reader({}).fields.has('constructor')).toBe(false);
    expect(reader('text').fields.has('length')).toBe(false);
  });

  it('stops counting mistakes at a hundred', () => {
    const { fields, problems } = reader({ list: Array.from({ length: 1000 }, () => 0) });
    fields.records('list');
    expect(problems).toHaveLength(100);
  });
});
