import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiServer, RealApiServer, findServerBinaries } from '@koko/api-server';
import { CONFIG_MAPS, INGRESSES, configMap, ingress } from './running-server.ts';

const binaries = findServerBinaries(process.env);
const TIMEOUT_MS = 120_000;

interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const MERGE = 'application/merge-patch+json';
const APPLY = 'application/apply-patch+yaml';
const STREAMED =
  'watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const labelled = {
  ...configMap('b', { key: '1' }),
  metadata: { name: 'b', labels: { app: 'x' }, finalizers: ['test.example/y'] },
};

const STEPS: readonly Step[] = [
  { method: 'POST', path: INGRESSES, body: ingress('a') },
  { method: 'POST', path: INGRESSES, body: ingress('a') },
  { method: 'GET', path: `${INGRESSES}/a` },
  { method: 'GET', path: `${INGRESSES}/none` },
  { method: 'GET', path: `${INGRESSES}/none?watch=1` },
  { method: 'PUT', path: `${INGRESSES}/a`, body: ingress('a', 'other.test') },
  { method: 'PUT', path: `${INGRESSES}/none`, body: ingress('none') },
  { method: 'PUT', path: `${INGRESSES}/a`, body: ingress('b') },
  { method: 'PUT', path: `${INGRESSES}/a`, body: { ...ingress('a'), metadata: { name: 'a', resourceVersion: '1' } } },
  {
    method: 'PUT',
    path: `${INGRESSES}/a/status`,
    body: { ...ingress('a', 'ignored.test'), status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } },
  },
  { method: 'PATCH', path: `${INGRESSES}/a`, type: MERGE, body: { spec: { rules: [{ host: 'third.test' }] } } },
  { method: 'PATCH', path: `${INGRESSES}/a`, type: 'text/plain', body: {} },
  { method: 'PATCH', path: `${INGRESSES}/q`, type: APPLY, body: ingress('q') },
  { method: 'PATCH', path: `${INGRESSES}/q?fieldManager=x`, type: APPLY, body: ingress('q') },
  { method: 'DELETE', path: `${INGRESSES}/q` },
  { method: 'POST', path: INGRESSES, body: '{' },
  { method: 'POST', path: INGRESSES, type: 'text/plain', body: 'x' },
  { method: 'POST', path: INGRESSES, body: configMap('x') },
  { method: 'POST', path: CONFIG_MAPS, body: { metadata: {} } },
  { method: 'POST', path: CONFIG_MAPS, body: configMap('No_Name') },
  { method: 'POST', path: '/api/v1/namespaces/none/configmaps', body: configMap('x', {}, 'none') },
  { method: 'POST', path: '/api/v1/configmaps', body: configMap('x') },
  { method: 'DELETE', path: '/api/v1/namespaces' },
  { method: 'POST', path: CONFIG_MAPS, body: labelled },
  { method: 'GET', path: `${CONFIG_MAPS}?labelSelector=app%3Dx` },
  { method: 'GET', path: `${CONFIG_MAPS}?labelSelector=app+in+x` },
  { method: 'GET', path: `${CONFIG_MAPS}?fieldSelector=data.key%3Dx` },
  { method: 'DELETE', path: `${CONFIG_MAPS}/b` },
  { method: 'PATCH', path: `${CONFIG_MAPS}/b`, type: MERGE, body: { metadata: { finalizers: null } } },
  { method: 'GET', path: `${CONFIG_MAPS}/b` },
  { method: 'GET', path: CONFIG_MAPS },
  { method: 'GET', path: `${CONFIG_MAPS}?continue=xyz` },
  { method: 'GET', path: `${CONFIG_MAPS}?resourceVersion=100000000` },
  { method: 'GET', path: `${CONFIG_MAPS}?resourceVersionMatch=Exact` },
  { method: 'GET', path: `${CONFIG_MAPS}?watch=1&sendInitialEvents=true` },
  { method: 'GET', path: `${CONFIG_MAPS}?watch=1&resourceVersionMatch=NotOlderThan` },
  { method: 'GET', path: `${CONFIG_MAPS}?watch=1&resourceVersion=1&timeoutSeconds=1` },
  { method: 'GET', path: `${CONFIG_MAPS}?watch=1&resourceVersion=100000000&timeoutSeconds=1` },
  { method: 'GET', path: `${CONFIG_MAPS}?${STREAMED}&resourceVersion=100000000` },
  { method: 'POST', path: LEASES, body: { metadata: { name: 'l' }, spec: { holderIdentity: 'a' } } },
  { method: 'PUT', path: `${LEASES}/l`, body: { metadata: { name: 'l' }, spec: { holderIdentity: 'b' } } },
  { method: 'PUT', path: `${LEASES}/new`, body: { metadata: { name: 'new' }, spec: { holderIdentity: 'b' } } },
  { method: 'GET', path: '/apis/none/v1/x' },
  { method: 'GET', path: '/apis/networking.k8s.io/v1/none' },
  { method: 'GET', path: `${CONFIG_MAPS}/a/status` },
  { method: 'DELETE', path: '/api/v1/namespaces/none' },
];

interface Client {
  readonly url: string;
  readonly token: string;
  readonly ca: string | undefined;
}

function clientOf(server: ApiServer | RealApiServer): Client {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig());
  const ca = config.getCurrentCluster()?.caData;
  const token = config.getCurrentUser()?.token ?? '';
  return { url: server.url, token, ca: ca === undefined ? undefined : Buffer.from(ca, 'base64').toString() };
}

/** What clients go by: the status, the reason of a refusal, else content without what differs by nature. */
async function outcome({ url, token, ca }: Client, { method, path, body, type }: Step): Promise<unknown> {
  const bytes = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const framing = { 'content-type': type ?? 'application/json', 'content-length': String(Buffer.byteLength(bytes)) };
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : framing) };
  const options = { method, headers, agent: false };
  const asked = ca === undefined ? plainRequest(url + path, options) : secureRequest(url + path, { ...options, ca });
  asked.end(bytes === '' ? undefined : bytes);
  const [response] = await once(asked, 'response');
  const lines = (await text(response)).split('\n').filter((line) => line !== '');
  const isJson = response.headers['content-type'] === 'application/json';
  return { status: response.statusCode, lines: isJson ? lines.map((line) => comparable(JSON.parse(line))) : lines };
}

const DIFFERS = new Set(['managedFields', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp']);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const record: Readonly<Record<string, unknown>> = { ...value };
  if (record['kind'] === 'Status' && record['status'] === 'Failure') return [record['code'], record['reason']];
  const entries = Object.entries(record).filter(([field]) => !DIFFERS.has(field));
  return Object.fromEntries(entries.map(([field, item]) => [field, comparable(item)]));
}

describe('the server in process', () => {
  it(
    'answers as the real one does',
    async () => {
      if (binaries === undefined) {
        process.stderr.write('Not compared with the real API server: there is none; `npm run build-real` makes it\n');
        return;
      }
      const ours = new ApiServer();
      const real = new RealApiServer({ binaries });
      try {
        await Promise.all([ours.start(), real.start()]);
        for (const step of STEPS) {
          const expected = await outcome(clientOf(real), step);
          expect({ step, outcome: await outcome(clientOf(ours), step) }).toEqual({ step, outcome: expected });
        }
      } finally {
        await Promise.all([ours.stop(), real.stop()]);
      }
    },
    TIMEOUT_MS,
  );
});
