import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame, messageTypes, WRPC_SUBPROTOCOL } from '@koko/wrpc';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { configService, negotiationService } from '../src/index.ts';
import { sharedIdentity, type Identity } from './certificates.ts';
import { ingressEntities } from './entities.ts';
import { clientOptions, startServer, until, type RunningServer } from './fixture.ts';

// Frames of real Kong Gateways, kept beside the repository; without them there is nothing to replay.
const folder = fileURLToPath(new URL('../../../../shared/captures/', import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((name) => /^(v1|wrpc)-.*\.jsonl$/.test(name)) : [];
// `it.each` refuses an empty list, even where the whole block is left out
const recordedFiles = files.length === 0 ? ['no file'] : files;
const describeRecorded = files.length === 0 ? describe.skip : describe;
if (files.length === 0)
  process.emitWarning('No recordings in ../shared/captures beside the repository: none is replayed');

interface Line {
  readonly kind: string;
  readonly conn?: number;
  readonly dir?: 'dp>cp' | 'cp>dp';
  readonly method?: string;
  readonly target?: string;
  readonly subprotocol?: string | null;
  readonly opcode?: string;
  readonly encoding?: string;
  readonly payload_b64?: string;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly rpc?: string;
  readonly wrpc?: Readonly<Record<string, number>>;
  readonly message?: Readonly<Record<string, unknown>>;
  readonly config_table?: Readonly<Record<string, unknown>>;
}

const linesOf = (file: string): Line[] =>
  readFileSync(`${folder}${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const payloadOf = (line: Line): Buffer => Buffer.from(line.payload_b64 ?? '', 'base64');

const services = [configService, negotiationService];
const codecOf = (line: Line) => {
  const [name, kind] = line.rpc!.split(' ') as [string, 'request' | 'response'];
  const method = services.flatMap((service) => Object.values(service.methods)).find((one) => one.name === name)!;
  return { method, codec: method[kind] };
};

/** Field names of the captures are those of the .proto files. */
const camelCased = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(member),
    ]),
  );
};

describeRecorded('captures of real data planes', () => {
  it.each(recordedFiles)('every frame of %s decodes', (file) => {
    const frames = linesOf(file).filter((line) => line.kind === 'frame' && line.payload_b64 !== undefined);
    expect(frames.length).toBeGreaterThan(0);
    for (const line of frames) {
      const bytes = payloadOf(line);
      if (line.encoding === 'json') expect(JSON.parse(bytes.toString())).toEqual(line.json);
      if (line.encoding === 'gzip+json') expect(JSON.parse(gunzipSync(bytes).toString())).toEqual(line.json);
      if (line.encoding === 'wrpc') expectWrpc(line, bytes);
    }
  });

  function expectWrpc(line: Line, bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    const { version: _version, ...envelope } = line.wrpc!;
    const read = {
      seq: frame.sequence,
      ack: frame.acknowledges,
      mtype: frame.messageType,
      deadline: frame.deadlineSeconds,
      svc_id: frame.serviceId,
      rpc_id: frame.methodId,
      payload_encoding: frame.encoding,
    };
    expect(read).toMatchObject(envelope);
    const { codec } = codecOf(line);
    const message = codec.decode(frame.payload) as Readonly<Record<string, unknown>>;
    const { config, ...rest } = message;
    expect(rest).toMatchObject(camelCased(line.message) as object);
    if (line.config_table !== undefined) {
      expect(JSON.parse(gunzipSync(config as Uint8Array).toString())).toEqual(line.config_table);
    }
    // What our encoder writes for the same content reads the same.
    const again = encodeFrame({ ...frame, payload: codec.encode(message) });
    expect(codec.decode(decodeFrame(again).payload)).toEqual(message);
  }

  let identity: Identity;
  let running: RunningServer;
  beforeAll(async () => {
    identity = await sharedIdentity();
  });
  afterEach(async () => running?.stop());

  /** Plays the data plane's part of one connection. */
  async function replay(lines: readonly Line[]): Promise<void> {
    const request = lines.find((line) => line.kind === 'http-request')!;
    const id = new URLSearchParams(request.target!.split('?')[1]).get('node_id')!;
    const subprotocols = request.subprotocol === WRPC_SUBPROTOCOL ? [WRPC_SUBPROTOCOL] : [];
    const socket = new WebSocket(`${running.url}${request.target!}`, subprotocols, clientOptions(identity));
    const received: Buffer[] = [];
    const pongs: Buffer[] = [];
    socket.on('message', (data) => received.push(data as Buffer)); // `nodebuffer` is the default binary type
    socket.on('pong', (data) => pongs.push(data));
    await once(socket, 'open');
    let greeted = request.subprotocol === WRPC_SUBPROTOCOL;
    for (const line of lines.filter(
      (one) => one.dir === 'dp>cp' && one.kind === 'frame' && one.payload_b64 !== undefined,
    )) {
      if (line.opcode === 'close') break;
      const bytes = payloadOf(line);
      if (line.opcode === 'ping') {
        if (!greeted) await greet(); // some scenes leave the greeting out, it is as in the first
        const before = pongs.length;
        socket.ping(bytes);
        await until(() => pongs.length > before);
        expect(pongs.at(-1)).toHaveLength(0);
        expect(running.node(id)?.configHash).toBe(bytes.toString());
      } else if (line.encoding === 'wrpc') await play(line, bytes);
      else {
        greeted = true;
        socket.send(bytes);
        const { plugins } = line.json as { plugins?: unknown[] };
        if (plugins !== undefined) await until(() => running.node(id)?.plugins.length === plugins.length);
        if (line.json?.['type'] === 'error') {
          await until(
            () => running.node(id)?.problems.some(({ code }) => code === 'ERR_NODE_CONFIG_REJECTED') === true,
          );
        }
      }
      expect(socket.readyState).toBe(socket.OPEN);
    }
    expect(running.node(id)).toMatchObject({ isConnected: true });
    socket.terminate();
    await until(() => running.node(id)?.isConnected === false);

    async function greet(): Promise<void> {
      greeted = true;
      socket.send(Buffer.from('{"type":"basic_info","plugins":[]}'));
      await until(() =>
        running.log.some(({ message, fields }) => message.includes('introduced') && fields['node'] === id),
      );
    }

    async function play(line: Line, bytes: Buffer): Promise<void> {
      const frame = decodeFrame(bytes);
      // An answer: our numbers may differ, then it is ignored.
      if (frame.acknowledges !== 0) return socket.send(bytes);
      socket.send(encodeFrame({ ...frame, deadlineSeconds: Math.ceil(Date.now() / 1000) + 90 }));
      const answer = (): Buffer | undefined =>
        received.find((data) => decodeFrame(data).acknowledges === frame.sequence);
      await until(() => answer() !== undefined);
      const answered = decodeFrame(answer()!);
      expect(answered).toMatchObject({ messageType: messageTypes.rpc, deadlineSeconds: 0, methodId: frame.methodId });
      const { method } = codecOf(line);
      const message = method.response.decode(answered.payload) as Readonly<Record<string, unknown>>;
      if (method.name === 'ReportMetadata') expect(message).toEqual({ ok: 'valid' });
      if (method.name === 'NegotiateServices') {
        expect(message).toMatchObject({ errorMessage: '', servicesAccepted: [{ name: 'config', version: 'v1' }] });
      }
    }
  }

  it.each(recordedFiles)('answers the replayed data plane of %s', async (file) => {
    running = await startServer(identity);
    running.feed.snapshot(ingressEntities(2));
    const lines = linesOf(file);
    const connections = new Set(lines.flatMap(({ conn }) => (conn === undefined ? [] : [conn])));
    for (const connection of connections) {
      const own = lines.filter(({ conn }) => conn === connection);
      if (own.some(({ kind, method }) => kind === 'http-request' && method === 'GET')) await replay(own);
    }
  });
});
