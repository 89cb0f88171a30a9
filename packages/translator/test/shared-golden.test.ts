import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { declarativeDocument } from '../src/index.ts';
import type { KubernetesObject, TranslatorOptions } from '../src/index.ts';
import { parseCase, translatorOf } from './golden-case.ts';
import { blamedName, comparable, isRecord } from './golden-comparison.ts';
import { expectSameStateInAnyOrder } from './random-history.ts';

const sharedFolder = new URL('../../../../shared/golden/', import.meta.url);

/** Cases that hold nothing but kinds and annotations that are translated. */
const COMPLETE = [
  /^ingress-v1-/,
  /^(backend-resources|default-backend-missing|endpoints-port-matching|externalname|icp-invalid-refs)$/,
  /^(ingress-empty-rules|regex-prefix-annotation|service-upstream|stub-upstream|tls-bad-secrets|tls-shared-secret)$/,
];
const sharedCases = existsSync(sharedFolder)
  ? readdirSync(sharedFolder).filter((name) => existsSync(new URL(`${name}/in.yaml`, sharedFolder)))
  : [];
function sharedFile(name: string): unknown {
  return parse(readFileSync(new URL(name, sharedFolder), 'utf8'));
}

function sharedObjects(name: string): readonly KubernetesObject[] {
  return parseCase(readFileSync(new URL(`${name}/in.yaml`, sharedFolder), 'utf8')).objects;
}

function sharedOptions(name: string, setting: string): TranslatorOptions {
  const file = `${name}/${setting}_settings.yaml`;
  const settings = existsSync(new URL(file, sharedFolder)) ? sharedFile(file) : {};
  const flags = isRecord(settings) && isRecord(settings['feature_flags']) ? settings['feature_flags'] : {};
  const options = isRecord(settings) && isRecord(settings['options']) ? settings['options'] : {};
  return {
    routerFlavor: flags['ExpressionRoutes'] === true ? 'expressions' : 'traditional',
    clusterDomain: textOf(options['cluster_domain']),
    enableDrainSupport: options['enable_drain_support'] === true,
    workspace: textOf(options['kong_workspace']),
    featureGates: Object.fromEntries(Object.entries(flags).map(([gate, isOn]) => [gate, isOn === true])),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function settingsOf(name: string): readonly string[] {
  const suffix = '_golden.yaml';
  return readdirSync(new URL(`${name}/`, sharedFolder)).flatMap((file) =>
    file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : [],
  );
}

/** Sets of blamed objects, or `undefined` where the list does not know the case. */
function blamedByKic(name: string, setting: string): readonly string[] | undefined {
  const failures = sharedFile('translation-failures.json');
  const ofCase = isRecord(failures) ? failures[name] : undefined;
  const list = isRecord(ofCase) ? ofCase[setting] : undefined;
  if (!Array.isArray(list)) return undefined;
  return unique(list.map((failure: { objects: string[] }) => [...failure.objects].sort().join(' + ')));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

const completeSettings = sharedCases
  .filter((name) => COMPLETE.some((pattern) => pattern.test(name)))
  .flatMap((name) => settingsOf(name).map((setting) => ({ name, setting })));

describe('shared golden cases', () => {
  if (sharedCases.length === 0) it.skip(`not run, as there is no folder ${sharedFolder.pathname}`, () => {});

  for (const { name, setting } of completeSettings) {
    it(`gives the same entities and blames the same objects: ${name}, ${setting}`, () => {
      const translator = translatorOf({ objects: sharedObjects(name), options: sharedOptions(name, setting) });
      const expected = sharedFile(`${name}/${setting}_golden.yaml`);
      expect(comparable(declarativeDocument(translator.entities()))).toEqual(comparable(expected));
      const blamed = [...translator.problems()].map(({ objects }) => objects.map(blamedName).sort().join(' + '));
      expect(unique(blamed)).toEqual(blamedByKic(name, setting) ?? unique(blamed));
    });
  }

  for (const name of sharedCases) {
    it(`ends in equal bytes whatever the order of events: ${name}`, () => {
      expectSameStateInAnyOrder({ objects: sharedObjects(name), options: {} });
    });
  }
});
