import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accessRules, eventRules, leaseRules, publishServiceRules, readRules, statusRules } from '@koko/kubernetes';
import type { PolicyRule } from '@koko/kubernetes';
import { translatedKinds } from '@koko/translator';
import type { TranslatedKind } from '@koko/translator';
import { stringify } from 'yaml';
import { schemaJson, valuesTable, valuesYaml } from './chart-documents.ts';
import { chartValues } from './chart-values.ts';

const docker = fileURLToPath(new URL('../../../docker', import.meta.url));
const CHART = 'helm/iic';
const NOTICE = '# Written by `npm run generate --workspace @koko/deployment`; change its sources instead.\n';
const TABLE_BEGIN = '<!-- values -->\n';
const TABLE_END = '\n<!-- end of values -->';

/** What is made from the tables of kinds, settings and values: contents by path below `docker/`. */
export function generatedFiles(settingNames: readonly string[]): ReadonlyMap<string, string> {
  const values = chartValues(settingNames);
  return new Map([
    [
      `${CHART}/files/access-rules.yaml`,
      NOTICE + stringify(accessTable(translatedKinds), { aliasDuplicateObjects: false }),
    ],
    [`${CHART}/values.yaml`, NOTICE + valuesYaml(values)],
    [`${CHART}/values.schema.json`, schemaJson(values)],
    [`${CHART}/README.md`, withTable(readFileSync(join(docker, CHART, 'README.md'), 'utf8'), valuesTable(values))],
    ['kustomize/base/access.yaml', NOTICE + accessManifests()],
    // Helm installs definitions from a folder of the chart's own alone.
    ...definitions().map((file): [string, string] => [`${CHART}/crds/${basename(file)}`, readFileSync(file, 'utf8')]),
  ]);
}

function definitions(): readonly string[] {
  return globSync(`${docker}/crds/*_*.yaml`).toSorted();
}

/** The rights by kind, for the chart to choose from; it fills in the two names. */
function accessTable(kinds: readonly TranslatedKind[]): object {
  return {
    kinds: kinds.map((kind) => ({
      kind: kind.kind,
      namespaced: kind.namespaced,
      status: kind.status ?? '',
      read: readRules(kind),
      write: statusRules(kind),
    })),
    events: eventRules,
    lease: leaseRules('LEASE_NAME'),
    publishService: publishServiceRules('SERVICE_NAME'),
  };
}

/** What the chart makes of its default values. */
function accessManifests(): string {
  const { cluster, namespaces } = accessRules({
    writesStatus: true,
    publishesAddresses: false,
    writesEvents: true,
    lease: { namespace: 'kong', name: 'iic-kong' },
  });
  const roles = [
    ...roleWithBinding('ClusterRole', 'iic-kong', cluster),
    ...roleWithBinding('Role', 'iic-kong', namespaces.get('kong') ?? []),
  ];
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'iic' } };
  return [account, ...roles].map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}

function roleWithBinding(kind: string, name: string, rules: readonly PolicyRule[]): readonly object[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name };
  const subjects = [{ kind: 'ServiceAccount', name: 'iic', namespace: 'kong' }];
  return [
    { apiVersion, kind, metadata: { name }, rules },
    { apiVersion, kind: `${kind}Binding`, metadata: { name }, roleRef, subjects },
  ];
}

function withTable(readme: string, table: string): string {
  const [before, rest = ''] = readme.split(TABLE_BEGIN);
  const [, after = ''] = rest.split(TABLE_END);
  return `${before}${TABLE_BEGIN}\n${table}\n${TABLE_END}${after}`;
}
