import { describe, expect, it } from '@jest/globals';
import { parseManifests } from './parse-manifests.ts';

const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\n';

describe('parseManifests', () => {
  it('reads several documents and skips empty ones', () => {
    const { objects, problems } = parseManifests(`# a comment\n---\n${service}---\n---\n${service}`, 'a.yaml');
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['cart', 'cart']);
    expect(problems).toEqual([]);
  });

  it('reads JSON and unpacks lists', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'ServiceList',
      items: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }],
    };
    expect(parseManifests(JSON.stringify(list), 'a.json').objects).toEqual(list.items);
  });

  it('names file and line of a text that is no YAML, and gives no object', () => {
    const { objects, problems, isReadable } = parseManifests(`${service}---\nkind: [1\nname: x\n`, 'shop/a.yaml');
    expect({ objects, isReadable }).toEqual({ objects: [], isReadable: false });
    expect(problems[0]).toMatchObject({ code: 'ERR_MANIFESTS_YAML', file: 'shop/a.yaml', line: 6 });
    expect(problems[0]?.message).toMatch(/^shop\/a\.yaml:6: not valid YAML: /);
  });

  it('reports documents that are no objects at their line and keeps the others', () => {
    const text = `kind: Service\nmetadata: { name: a }\n---\n- 1\n---\n${service}---\napiVersion: v1\nkind: Service\n`;
    const { objects, problems } = parseManifests(text, 'a.yaml');
    expect(objects).toHaveLength(1);
    expect(problems.map(({ line, path }) => [line, path.join('.')])).toEqual([
      [1, 'apiVersion'],
      [4, ''],
      [10, 'metadata.name'],
    ]);
  });

  it('keeps times as text and merges anchors', () => {
    const text = `apiVersion: v1\nkind: Secret\nmetadata: &m\n  name: a\n  creationTimestamp: 2024-01-01T00:00:00Z\nother: { <<: *m }\n`;
    const [object] = parseManifests(text, 'a.yaml').objects;
    expect(object?.metadata.creationTimestamp).toBe('2024-01-01T00:00:00Z');
    expect(object?.['other']).toMatchObject({ name: 'a' });
  });

  it('refuses a document whose aliases explode', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`);
    const bomb = `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nl0: &l0 [x]\n${levels.join('\n')}\n`;
    const { objects, problems } = parseManifests(bomb, 'bomb.yaml');
    expect(objects).toEqual([]);
    expect(problems[0]?.message).toContain('cannot expand the document');
  });

  it('unpacks lists in lists and names the line of the item', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- kind: List\n  items:\n  - {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- apiVersion: v1\n  kind: Service\n';
    const { objects, lines, problems } = parseManifests(text, 'a.yaml');
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(lines).toEqual([6]);
    expect(problems.map(({ line, path }) => [line, path.join('.')])).toEqual([[7, 'items.1.metadata.name']]);
  });

  it('names no more than a few mistakes of one file, however deep it is nested', () => {
    const { problems, isReadable } = parseManifests('['.repeat(20_000), 'deep.yaml');
    expect(isReadable).toBe(false);
    expect(problems.length).toBeLessThanOrEqual(5);
  });
});
