import { describe, expect, it } from '@jest/globals';
import { EntityGroups } from './entity-groups.ts';
import { EntityMap } from './entity-map.ts';

describe('EntityMap', () => {
  it('keeps the same id of two types apart', () => {
    const map = new EntityMap<number>();
    map.set('services', 'a', 1);
    map.set('routes', 'a', 2);
    expect([map.get('services', 'a'), map.get('routes', 'a'), map.get('plugins', 'a')]).toEqual([1, 2, undefined]);
    expect([map.size, map.count('routes'), map.count('plugins')]).toEqual([2, 1, 0]);
  });

  it('lists the values of one type or of all', () => {
    const map = new EntityMap<number>();
    map.set('services', 'a', 1);
    map.set('routes', 'a', 2);
    map.set('services', 'b', 3);
    expect([[...map.values()], [...map.values('services')], [...map.values('plugins')]]).toEqual([
      [1, 3, 2],
      [1, 3],
      [],
    ]);
  });

  it('tells whether a delete found something', () => {
    const map = new EntityMap<number>();
    map.set('services', 'a', 1);
    expect([map.delete('routes', 'a'), map.delete('services', 'a'), map.delete('services', 'a')]).toEqual([
      false,
      true,
      false,
    ]);
    expect([map.has('services', 'a'), map.size]).toEqual([false, 0]);
  });
});

describe('EntityGroups', () => {
  it.each([1, 2, 3, 16, 17, 40])('holds %i members, each once, and lets each go', (count) => {
    const groups = new EntityGroups<string>();
    const members = Array.from({ length: count }, (_, index) => `member-${index}`);
    for (const member of [...members, ...members]) groups.add('services', 'a', member);
    expect(groups.of('services', 'a')).toEqual(members);
    groups.remove('services', 'a', 'stranger');
    for (const [index, member] of members.entries()) {
      groups.remove('services', 'a', member);
      expect(groups.of('services', 'a')).toEqual(members.slice(index + 1));
    }
  });

  it('hands out the members as they were when it was asked', () => {
    const groups = new EntityGroups<object>();
    const members = [{}, {}, {}];
    for (const member of members) groups.add('services', 'a', member);
    const before = groups.of('services', 'a');
    for (const member of before) groups.remove('services', 'a', member);
    expect([before, groups.of('services', 'a'), groups.of('routes', 'a')]).toEqual([members, [], []]);
  });
});
