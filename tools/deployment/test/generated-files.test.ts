import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { translatedKinds } from '@koko/translator';
import { parse } from 'yaml';
import { settingsOfChart } from '../src/chart-values.ts';
import { generatedFiles } from '../src/generated-files.ts';
import { settingNames } from '../src/setting-names.ts';

const root = resolve(import.meta.dirname, '../../..');
const docker = join(root, 'docker');
const names = settingNames();

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the generated files below docker/', () => {
  it('are as the tables of kinds, settings and values make them: run `npm run generate -w @koko/deployment`', () => {
    const generated = generatedFiles(names);
    const present = [...generated.keys()].map((path) => [path, readFileSync(join(docker, path), 'utf8')]);
    expect(Object.fromEntries(present)).toEqual(Object.fromEntries(generated));
    const copies = globSync(`${docker}/helm/iic/crds/*`).map((file) => `helm/iic/crds/${basename(file)}`);
    expect(copies.filter((path) => !generated.has(path))).toEqual([]);
  });

  it('hold every definition that the kinds need, also in the kustomization', () => {
    const files = globSync(`${docker}/crds/*_*.yaml`).toSorted();
    const groups = files.map(
      (file) => (parse(readFileSync(file, 'utf8')) as { metadata: { name: string } }).metadata.name,
    );
    const custom = translatedKinds.filter(({ group }) => group.includes('.') && !group.endsWith('.k8s.io'));
    expect(groups.toSorted()).toEqual(custom.map(({ resource, group }) => `${resource}.${group}`).toSorted());
    const { resources } = parse(read('docker/crds/kustomization.yaml')) as { resources: readonly string[] };
    expect([...resources].toSorted()).toEqual(files.map((file) => basename(file)));
  });

  it('have the version of the application', () => {
    const { version } = JSON.parse(read('apps/iic/package.json')) as { version: string };
    expect(parse(read('docker/helm/iic/Chart.yaml'))).toMatchObject({ version, appVersion: version });
    expect(parse(read('docker/kustomize/base/kustomization.yaml'))).toMatchObject({ images: [{ newTag: version }] });
  });

  it('give every setting a value: one of its own, or its place in `settings`', () => {
    expect(names.length).toBeGreaterThan(20);
    expect([...settingsOfChart].filter((name) => !names.includes(name))).toEqual([]);
    const further = names.filter((name) => !settingsOfChart.has(name));
    const schema = parse(read('docker/helm/iic/values.schema.json')) as {
      properties: { settings: { propertyNames: { enum: readonly string[] } } };
    };
    expect(schema.properties.settings.propertyNames.enum).toEqual(further);
  });
});
