import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient, ApiError, loadClusterAccess } from '@koko/kubernetes';
import * as fc from 'fast-check';
import { docker, isLeftOut, parseManifests } from './helm.ts';
import type { Manifest } from './helm.ts';
import { RealCluster, withoutCluster } from './real-cluster.ts';
import { boundaryCases, sampleOf, valuesOf } from './schema-values.ts';
import type { DefinitionSchema } from './schema-values.ts';

const publishedFolder = resolve(docker, '../../shared/crds/kong');
const withoutPublished = existsSync(publishedFolder)
  ? undefined
  : 'there are no published definitions in ../shared/crds/kong';
const skipped = isLeftOut('our definitions against the published ones', withoutPublished ?? withoutCluster);
const TIMEOUT_MS = 300_000;
const RUNS = 400;

const files = globSync(`${docker}/crds/*_*.yaml`)
  .map((file) => basename(file))
  .toSorted();

function definition(folder: string, file: string): Manifest {
  const [found] = parseManifests(readFileSync(join(folder, file), 'utf8'));
  if (found === undefined) throw new Error(`There is no definition in ${file}`);
  return found;
}

/** The same kind in a group of its own, so that both can be installed at once. */
function inGroup(found: Manifest, group: string): Manifest {
  const plural = found['spec'].names.plural as string;
  return { ...found, metadata: { name: `${plural}.${group}` }, spec: { ...found['spec'], group } };
}

/** What a definition says, whatever the words and the order of names that are required. */
function withoutDescriptions(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isNames = value.every((item) => typeof item === 'string');
    return isNames ? value.toSorted() : value.map(withoutDescriptions);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([name, content]) => name !== 'description' || typeof content !== 'string',
  );
  return Object.fromEntries(entries.map(([name, content]) => [name, withoutDescriptions(content)]));
}

let cluster: RealCluster;
let client: ApiClient;
const never = new AbortController().signal;

beforeAll(async () => {
  if (skipped) return;
  cluster = new RealCluster();
  await cluster.start();
  client = new ApiClient({ access: await loadClusterAccess({ file: cluster.kubeconfig }) });
  const both = files.flatMap((file) => [
    inGroup(definition(docker, `crds/${file}`), 'ours.test'),
    inGroup(definition(publishedFolder, file), 'theirs.test'),
  ]);
  cluster.apply(both);
  cluster.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    'crd',
    ...both.map(({ metadata }) => metadata.name),
  ]);
}, TIMEOUT_MS);

afterAll(async () => {
  if (skipped) return;
  client.close();
  await cluster.stop();
});

interface Verdict {
  readonly accepted: boolean;
  /** What the server would store, or its error code. */
  readonly stored: unknown;
}

interface Attempt {
  readonly group: string;
  readonly kind: Manifest;
  readonly object: object;
  readonly fieldValidation: 'Ignore' | 'Strict';
  /** Write the status of an object that is there, instead of a new object. */
  readonly isStatus: boolean;
}

async function verdictOf({ group, kind, object, fieldValidation, isStatus }: Attempt): Promise<Verdict> {
  const { plural, kind: kindName } = kind['spec'].names as { plural: string; kind: string };
  const all = `/apis/${group}/v1alpha1/namespaces/default/${plural}`;
  const body = { ...object, apiVersion: `${group}/v1alpha1`, kind: kindName, metadata: { name: 'present' } };
  const fresh = { ...body, metadata: { name: 'fresh' } };
  const write = isStatus
    ? ({ verb: 'patch', path: `${all}/present/status`, body } as const)
    : ({ verb: 'create', path: all, body: fresh } as const);
  try {
    const answer = await client.request(
      { ...write, resource: plural, query: { dryRun: 'All', fieldValidation } },
      never,
    );
    const { apiVersion: _version, metadata: _metadata, ...stored } = answer;
    return { accepted: true, stored };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'ERR_KUBERNETES_INVALID')
      return { accepted: false, stored: undefined };
    throw error;
  }
}

describe('our definitions', () => {
  it.each(files)('say the same as the published ones, in words of their own: %s', (file) => {
    if (isLeftOut(file, withoutPublished)) return;
    const ours = definition(docker, `crds/${file}`);
    const theirs = definition(publishedFolder, file);
    expect(withoutDescriptions(ours['spec'])).toEqual(withoutDescriptions(theirs['spec']));
    expect(ours.metadata.name).toBe(theirs.metadata.name);
    expect(JSON.stringify(ours)).not.toContain('More info:');
  });

  it.each(files)(
    'accept and store on the API server just what the published ones do, on and beyond every limit: %s',
    async (file) => {
      if (skipped) return;
      const theirs = prepared(file);
      const verdicts = { accepted: 0, refused: 0 };
      for (const { spec, status, isStatus } of boundaryAttempts(theirs)) {
        for (const fieldValidation of ['Ignore', 'Strict'] as const) {
          const verdict = await sameVerdict({ kind: theirs, object: { spec, status }, fieldValidation, isStatus });
          verdicts[verdict.accepted ? 'accepted' : 'refused'] += 1;
        }
      }
      expect(verdicts.accepted).toBeGreaterThan(10);
      expect(verdicts.refused).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );

  it.each(files)(
    'accept and store on the API server just what the published ones do, whatever it is: %s',
    async (file) => {
      if (skipped) return;
      const theirs = prepared(file);
      const { spec, status } = schemaOf(theirs);
      const attempts = fc.record({
        kind: fc.constant(theirs),
        isStatus: hasStatus(theirs) ? fc.boolean() : fc.constant(false),
        object: fc.record({ spec: valuesOf(spec), status: valuesOf(status) }, { requiredKeys: [] }),
        fieldValidation: fc.constantFrom('Ignore' as const, 'Strict' as const),
      });
      const check = fc.asyncProperty(attempts, async (attempt) => {
        await sameVerdict(attempt);
      });
      await expect(fc.assert(check, { numRuns: RUNS })).resolves.toBeUndefined();
    },
    TIMEOUT_MS,
  );
});

interface BoundaryAttempt {
  readonly spec: unknown;
  readonly status?: unknown;
  readonly isStatus: boolean;
}

function boundaryAttempts(kind: Manifest): readonly BoundaryAttempt[] {
  const { spec, status } = schemaOf(kind);
  const specs = boundaryCases(spec).map((value) => ({ spec: value, isStatus: false }));
  const whole = sampleOf(spec);
  if (!hasStatus(kind)) return specs;
  const written = boundaryCases(status).map((value) => ({ spec: whole, status: value, isStatus: true }));
  return [...specs, ...written];
}

/** What both say to the same. */
async function sameVerdict(attempt: Omit<Attempt, 'group'>): Promise<Verdict> {
  const [ours, theirs] = await Promise.all(
    ['ours.test', 'theirs.test'].map(async (group) => verdictOf({ ...attempt, group })),
  );
  expect({ attempt: attempt.object, ...ours }).toEqual({ attempt: attempt.object, ...theirs });
  return ours ?? { accepted: false, stored: undefined };
}

/** The published definition, with an object in either group whose status can be written. */
function prepared(file: string): Manifest {
  const theirs = definition(publishedFolder, file);
  for (const group of ['ours.test', 'theirs.test']) createPresent(theirs, group);
  return theirs;
}

interface Version {
  readonly schema: { readonly openAPIV3Schema: DefinitionSchema };
  readonly subresources?: object;
}

function versionOf(kind: Manifest): Version {
  const [version] = kind['spec'].versions as readonly Version[];
  if (version === undefined) throw new Error(`${kind.metadata.name} has no version`);
  return version;
}

function schemaOf(kind: Manifest): { readonly spec: DefinitionSchema; readonly status: DefinitionSchema } {
  const { spec = {}, status = {} } = versionOf(kind).schema.openAPIV3Schema.properties ?? {};
  return { spec, status };
}

const hasStatus = (kind: Manifest): boolean => versionOf(kind).subresources !== undefined;

function createPresent(kind: Manifest, group: string): void {
  const spec = { backendRef: { name: 'cart', port: 80 } };
  const { kind: kindName } = kind['spec'].names as { kind: string };
  const metadata = { name: 'present', namespace: 'default' };
  cluster.kubectl(
    ['apply', '--validate=ignore', '-f', '-'],
    JSON.stringify({ apiVersion: `${group}/v1alpha1`, kind: kindName, metadata, spec }),
  );
}
