import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame, messageTypes } from '@koko/wrpc';
import { checkConfiguration } from '../src/check-configuration.ts';
import type { CheckedConfiguration } from '../src/checked-configuration.ts';
import { configService, negotiationService } from '../src/kong-services.ts';
import { ownConfigHash } from '../src/own-hash.ts';
import type { Line } from './captured-frames.ts';
import { captureNames, hasCaptures, readCapture } from './captured-frames.ts';
import { startPlane } from './running-plane.ts';
import type { SeenConnection, SeenRequest } from './scripted-control-plane.ts';
import { ScriptedControlPlane } from './scripted-control-plane.ts';

if (!hasCaptures)
  process.stderr.write('No captures beside the repository (../shared/captures): those tests are left out\n');

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The keys and kinds of a value, whatever the values; what depends on a node's set-up is left open. */
function shapeOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].sort();
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, shapeOf(item)]));
}

/** A file's connections, each with the version that speaks. */
function conversations(lines: readonly Line[]): { version: string; lines: readonly Line[] }[] {
  const numbers = [...new Set(lines.filter(({ kind }) => kind === 'http-request').map(({ conn }) => conn))];
  return numbers
    .map((number) => lines.filter(({ conn }) => conn === number))
    .map((own) => ({ version: /node_version=([\d.]+)/.exec(own[0]?.target ?? '')?.[1] ?? '', lines: own }));
}

const isSent = ({ kind, dir }: Line): boolean => kind === 'frame' && dir === 'dp>cp';

/** Whether the whole beginning of the connection was recorded. */
const startsWith = (lines: readonly Line[], opcode: string, what: (line: Line) => boolean): boolean => {
  const first = lines.find(isSent);
  return first !== undefined && first.opcode === opcode && what(first);
};

function expectSameRequest(seen: SeenRequest | undefined, captured: Line): void {
  expect(seen?.method).toBe(captured.method);
  expect(generalTarget(seen?.target)).toBe(generalTarget(captured.target));
  expect(seen?.headerNames).toEqual(captured.headers.map((header) => header.slice(0, header.indexOf(':'))));
  for (const header of captured.headers) {
    const [name = '', value] = header.split(': ', 2);
    const own = ['Host', 'Sec-WebSocket-Key'].includes(name);
    if (!own) expect(seen?.headers[name.toLowerCase()]).toBe(value);
  }
  expect(seen?.serverName).toBe(captured.sni);
  expect(seen?.alpn).toBe(false);
  expect(captured.alpn).toBeNull();
}

const generalTarget = (target: string | undefined): string | undefined =>
  target?.replace(UUID, 'ID').replace(/node_hostname=[^&]*/, 'node_hostname=HOST');

if (!hasCaptures) it.skip('no recordings in ../shared/captures beside the repository', () => {});

describe('captured v1 conversations', () => {
  for (const name of captureNames) {
    for (const { version, lines } of conversations(readCapture(name))) {
      const isWhole = startsWith(lines, 'binary', ({ json }) => json?.['type'] === 'basic_info');
      if (!isWhole || lines[0]?.path !== '/v1/outlet') continue;

      it(`${name}, connection ${lines[0].conn}: ${version} says the same in the same order`, async () => {
        const controlPlane = new ScriptedControlPlane();
        await controlPlane.start();
        const hash = lines.find(({ opcode }) => opcode === 'ping')?.text ?? '';
        const plane = startPlane({ controlPlane: controlPlane.url, protocol: 'v1', version, initialHash: hash });
        const connection = await controlPlane.connection();
        try {
          expectSameRequest(connection.request, lines[0] as Line); // conversations start with their request
          await replayV1(connection, lines);
        } finally {
          await plane.stop();
          await controlPlane.stop();
        }
      });
    }
  }
});

/** Sends what the control plane sent, and expects what the data plane said. */
async function replayV1(connection: SeenConnection, lines: readonly Line[]): Promise<void> {
  let reported = '';
  const offered = new Set<unknown>([lines.find(({ opcode }) => opcode === 'ping')?.text]);
  for (const line of lines) {
    if (line.opcode === 'ping' && !offered.has(line.text)) return; // from here on frames were left out
    if (line.dir === 'cp>dp' && line.json !== undefined) {
      offered.add(line.json['config_hash']);
      connection.sendConfiguration(line.json);
    }
    if (!isSent(line)) continue;
    if (line.opcode === 'binary') {
      const info = JSON.parse((await connection.expect('binary')).toString()) as Record<string, unknown>;
      expect(shapeOf(info)).toEqual(shapeOf(line.json));
      expect(info['plugins']).toEqual(line.json?.['plugins']);
    } else if (line.opcode === 'ping' && line.text !== reported) {
      reported = line.text ?? ''; // pings every 30 s repeat the hash; this run does not wait for them
      expect((await connection.expect('ping')).toString()).toBe(reported);
    }
  }
}

describe('captured wRPC conversations', () => {
  for (const name of captureNames) {
    const all = conversations(readCapture(name));
    for (const { version, lines } of all) {
      const isWhole = startsWith(lines, 'binary', ({ rpc }) => rpc === 'NegotiateServices request');
      if (!isWhole) continue;

      it(`${name}, connection ${lines[0]?.conn}: ${version} says the same in the same order`, async () => {
        const controlPlane = new ScriptedControlPlane();
        await controlPlane.start();
        const hash = lines.find(({ rpc }) => rpc === 'PingCP request')?.message?.['hash'];
        const plane = startPlane({ controlPlane: controlPlane.url, version, initialHash: String(hash) });
        const connection = await controlPlane.connection();
        try {
          const probe = all.map(({ lines: [first] }) => first).find((line) => line?.method === 'HEAD');
          if (probe !== undefined) expectSameRequest(controlPlane.requests[0], probe);
          expectSameRequest(connection.request, lines[0] as Line); // conversations start with their request
          await replayWrpc(connection, lines);
        } finally {
          await plane.stop();
          await controlPlane.stop();
        }
      });
    }
  }
});

interface Call {
  readonly service: number;
  readonly method: number;
  readonly encode: (message: Record<string, unknown>) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => object;
}

const { negotiateServices } = negotiationService.methods;
const { reportMetadata, pingControlPlane, syncConfig } = configService.methods;
// Captured messages have the shapes that the codecs check; keys are renamed on the way.
const calls: Readonly<Record<string, Call>> = {
  'NegotiateServices request': call(5, 1, negotiateServices.request),
  'NegotiateServices response': call(5, 1, negotiateServices.response),
  'ReportMetadata request': call(1, 4, reportMetadata.request),
  'ReportMetadata response': call(1, 4, reportMetadata.response),
  'PingCP request': call(1, 3, pingControlPlane.request),
  'PingCP response': call(1, 3, pingControlPlane.response),
  'SyncConfig request': call(1, 2, syncConfig.request),
  'SyncConfig response': call(1, 2, syncConfig.response),
};

function call(
  service: number,
  method: number,
  codec: { encode(message: never): Uint8Array; decode(bytes: Uint8Array): object },
): Call {
  return {
    service,
    method,
    encode: (message) => codec.encode(message as never),
    decode: (bytes) => codec.decode(bytes),
  };
}

const camel = (key: string): string => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), camelKeys(item)]));
}

async function replayWrpc(connection: SeenConnection, lines: readonly Line[]): Promise<void> {
  let mine = 0;
  let sequence = 0;
  let pings = 0;
  const offered = new Set<unknown>();
  for (const line of lines) {
    const { rpc, wrpc = {}, message = {} } = line;
    const known = calls[rpc ?? ''];
    if (rpc === 'SyncConfig request') offered.add(wrpc['seq']);
    if (rpc === 'SyncConfig response' && !offered.has(wrpc['ack'])) continue; // its request was left out
    if (line.kind !== 'frame' || known === undefined) continue;
    // One exchange of pings belongs to the start; those 30 s later are not waited for.
    if (rpc?.startsWith('PingCP') && (pings += 1) > 2) continue;
    if (line.dir === 'cp>dp') {
      const config = line.config_table === undefined ? {} : { config: gzipSync(JSON.stringify(line.config_table)) };
      const isAnswer = wrpc['ack'] !== undefined;
      connection.socket.send(
        encodeFrame({
          messageType: messageTypes.rpc,
          serviceId: known.service,
          methodId: known.method,
          sequence: (sequence += 1),
          acknowledges: isAnswer ? mine : 0,
          deadlineSeconds: isAnswer ? 0 : Math.ceil(Date.now() / 1000) + 90,
          payload: known.encode(camelKeys({ ...message, ...config }) as Record<string, unknown>), // an object stays one
        }),
      );
      continue;
    }
    const frame = decodeFrame(await connection.expect('binary'));
    mine += 1;
    expect(frame.sequence).toBe(mine);
    expect([frame.serviceId, frame.methodId, frame.messageType]).toEqual([
      wrpc['svc_id'],
      wrpc['rpc_id'],
      wrpc['mtype'],
    ]);
    expect(frame.encoding).toBe(wrpc['payload_encoding']);
    expect(frame.acknowledges === 0).toBe(wrpc['ack'] === undefined);
    expect(frame.deadlineSeconds === 0).toBe(wrpc['deadline'] === undefined);
    if (frame.deadlineSeconds !== 0) expect(Math.abs(frame.deadlineSeconds - Date.now() / 1000 - 90)).toBeLessThan(5);
    expectSameMessage(known.decode(frame.payload), camelKeys(message) as Record<string, unknown>); // an object stays one
  }
}

function expectSameMessage(sent: object, captured: Record<string, unknown>): void {
  const { node, errors: _none, ...rest } = sent as Record<string, unknown>; // any message
  const { node: capturedNode, ...capturedRest } = captured;
  expect(rest).toEqual(capturedRest);
  if (capturedNode !== undefined) {
    expect({ ...(node as object), hostname: '' }).toEqual({ ...(capturedNode as object), hostname: '' });
  }
}

describe('captured configurations', () => {
  for (const name of captureNames) {
    it(`${name}: every configuration is taken or refused as recorded`, () => {
      let version = '';
      let previous: CheckedConfiguration | undefined;
      for (const line of readCapture(name)) {
        const found = line.kind === 'http-request' ? /node_version=([\d.]+)/.exec(line.target) : null;
        version = found?.[1] ?? version;
        const table = line.config_table ?? (line.json?.['config_table'] as Record<string, unknown> | undefined);
        if (line.dir !== 'cp>dp' || table === undefined) continue;
        const result = checkConfiguration(table, { version }, previous);
        const isBad = line.altered === true;
        const problems = result.ok ? [] : result.problems;
        if (isBad) expect({ n: line.n, isRefused: problems.length > 0 }).toEqual({ n: line.n, isRefused: true });
        else expect({ n: line.n, problems }).toEqual({ n: line.n, problems: [] });
        if (result.ok) previous = result.value;
      }
    });

    it(`${name}: its own hash equals the one that Kong 3 computed`, () => {
      for (const line of readCapture(name)) {
        const given = line.json?.['config_hash'] ?? line.message?.['config_hash'];
        const table = line.config_table ?? (line.json?.['config_table'] as Record<string, unknown> | undefined);
        if (line.dir !== 'cp>dp' || table === undefined || line.altered === true || name.includes('-2.')) continue;
        expect({ n: line.n, hash: ownConfigHash(table) }).toEqual({ n: line.n, hash: given });
      }
    });
  }
});
