import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { DroppedFrame, HandlersOf, OutgoingFrame, PeerOptions } from '../src/index.ts';
import {
  connectPeer,
  decodeFrame,
  defineService,
  encodeFrame,
  messageCodecs,
  messageTypes,
  Peer,
} from '../src/index.ts';

const codec = messageCodecs({ Text: { fields: { text: { type: 'string', id: 1 } } } });
const text = codec<{ text: string }>('Text');
const echoService = defineService({
  id: 7,
  name: 'EchoService',
  methods: {
    echo: { id: 1, name: 'Echo', request: text, response: text },
    other: { id: 2, name: 'Other', request: text, response: text },
  },
});

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server whose every connection is a Peer with the echo service. */
async function serve(
  options: PeerOptions = {},
  handlers?: HandlersOf<typeof echoService>,
): Promise<{ url: string; peers: Peer[] }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  const peers: Peer[] = [];
  server.on('connection', (socket) => {
    const peer = new Peer(socket, options);
    peer.register(echoService, handlers ?? { echo: (request) => ({ text: request.text.toUpperCase() }) });
    peers.push(peer);
  });
  await once(server, 'listening');
  closers.push(async () => {
    for (const peer of peers) peer.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, peers };
}

async function connect(url: string, options: PeerOptions = {}): Promise<Peer> {
  const peer = await connectPeer({ url, ...options });
  closers.push(() => peer.terminate());
  return peer;
}

/** A socket without a Peer, to send what a Peer never would. */
async function raw(url: string): Promise<{ socket: WebSocket; next: () => Promise<Buffer>; closed: Promise<number> }> {
  const socket = new WebSocket(url);
  const received: Buffer[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.on('message', (data) => received.push(data as Buffer)); // `nodebuffer` is the default binary type
  await once(socket, 'open');
  closers.push(() => socket.terminate());
  const next = async (): Promise<Buffer> => {
    while (received.length === 0) await once(socket, 'message');
    return received.shift()!;
  };
  return { socket, next, closed };
}

const request = (changes: Partial<OutgoingFrame> = {}): Buffer =>
  encodeFrame({
    messageType: messageTypes.rpc,
    serviceId: 7,
    methodId: 1,
    sequence: 1,
    acknowledges: 0,
    deadlineSeconds: Math.ceil(Date.now() / 1000) + 60,
    payload: text.encode({ text: 'hi' }),
    ...changes,
  });

const dropped = (peer: Peer): Promise<DroppedFrame> => new Promise((resolve) => peer.events.once('dropped', resolve));

describe('a peer', () => {
  it('calls the other side, in both directions of one connection', async () => {
    const { url, peers } = await serve();
    const client = await connectPeer({
      url,
      prepare: (peer) => peer.register(echoService, { echo: (message) => ({ text: `<${message.text}>` }) }),
    });
    closers.push(() => client.terminate());
    await expect(client.call(echoService, echoService.methods.echo, { text: 'a' })).resolves.toEqual({ text: 'A' });
    await expect(peers[0]!.call(echoService, echoService.methods.echo, { text: 'a' })).resolves.toEqual({
      text: '<a>',
    });
  });

  it('counts every frame it sends, answers and errors included', async () => {
    const { url } = await serve();
    const { socket, next } = await raw(url);
    socket.send(request({ sequence: 1 }));
    socket.send(request({ sequence: 2, methodId: 2 }));
    socket.send(request({ sequence: 3, serviceId: 8 }));
    socket.send(request({ sequence: 4, messageType: 3 }));
    const frames = [await next(), await next(), await next(), await next()].map(decodeFrame);
    expect(frames.map((frame) => [frame.sequence, frame.deadlineSeconds])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    const byAcknowledged = new Map(frames.map((frame) => [frame.acknowledges, frame]));
    expect(byAcknowledged.get(1)).toMatchObject({ messageType: 2, serviceId: 7, methodId: 1, encoding: 1 });
    expect(byAcknowledged.get(2)?.error).toEqual({ type: 3, description: 'Unhandled method' });
    expect(byAcknowledged.get(3)?.error).toEqual({ type: 2, description: 'Invalid service (or rpc)' });
    expect(byAcknowledged.get(4)?.error).toEqual({ type: 1, description: 'Unsupported message type' });
  });

  it('turns what a handler throws into an error for the caller', async () => {
    const fail = (): never => {
      throw new Error('no such thing');
    };
    const { url, peers } = await serve({}, { echo: fail });
    const client = await connect(url);
    const refused = new Promise((resolve) => peers[0]!.events.once('refused', resolve));
    await expect(client.call(echoService, echoService.methods.echo, { text: '' })).rejects.toMatchObject({
      code: 'ERR_WRPC_REMOTE',
      message: 'Call EchoService.Echo was refused: no such thing',
    });
    await expect(refused).resolves.toEqual({ type: 0, reason: 'no such thing' });
  });

  it('closes with 1007 on random bytes and on sequence number 0, and with 1003 on text', async () => {
    const { url } = await serve();
    for (const [frame, code] of [
      [Buffer.from('dead beef'), 1007],
      [request({ sequence: 0 }), 1007],
      ['text', 1003],
    ] as const) {
      const { socket, closed } = await raw(url);
      socket.send(frame);
      await expect(closed).resolves.toBe(code);
    }
  });

  it('drops an expired call and one without deadline, says so, and goes on', async () => {
    const { url, peers } = await serve();
    const { socket, next } = await raw(url);
    const first = dropped(peers[0]!);
    socket.send(request({ deadlineSeconds: 1000 }));
    await expect(first).resolves.toMatchObject({ why: 'expired' });
    const second = dropped(peers[0]!);
    socket.send(request({ sequence: 2, deadlineSeconds: 0 }));
    await expect(second).resolves.toMatchObject({ why: 'rule', reason: 'a call needs a deadline' });
    socket.send(request({ sequence: 3 }));
    expect(decodeFrame(await next()).acknowledges).toBe(3);
  });

  it('closes on the same frames when it is to be as strict as go-wrpc', async () => {
    const { url } = await serve({ strictness: 'go-wrpc' });
    for (const changes of [{ deadlineSeconds: 0 }, { acknowledges: 1 }, { serviceId: 0 }]) {
      const { socket, closed } = await raw(url);
      socket.send(request(changes));
      await expect(closed).resolves.toBe(1007);
    }
  });

  it('answers an answer to no call only as go-wrpc, and never an error', async () => {
    const lenient = await serve();
    const quiet = await raw(lenient.url);
    const report = dropped(lenient.peers[0]!);
    quiet.socket.send(request({ acknowledges: 99, deadlineSeconds: 0 }));
    await expect(report).resolves.toMatchObject({ why: 'unknown-answer' });

    const strict = await serve({ strictness: 'go-wrpc' });
    const loud = await raw(strict.url);
    const head = { messageType: messageTypes.error, serviceId: 7, methodId: 1, sequence: 1 };
    loud.socket.send(encodeFrame({ ...head, acknowledges: 99, deadlineSeconds: 0 }));
    loud.socket.send(request({ sequence: 2, acknowledges: 98, deadlineSeconds: 0 }));
    expect(decodeFrame(await loud.next())).toMatchObject({ messageType: messageTypes.error, acknowledges: 2 });
  });

  it('gives up a call after its time, when aborted, and when the connection ends', async () => {
    const { url, peers } = await serve({}, { echo: () => new Promise(() => {}) });
    const client = await connect(url);
    const call = (options: { timeoutMs?: number; signal?: AbortSignal }): Promise<unknown> =>
      client.call(echoService, echoService.methods.echo, { text: '' }, options);
    await expect(call({ timeoutMs: 5 })).rejects.toMatchObject({ code: 'ERR_WRPC_CALL_EXPIRED' });
    const abort = new AbortController();
    const aborted = call({ signal: abort.signal });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_WRPC_CALL_ABORTED' });
    await expect(call({ signal: abort.signal })).rejects.toMatchObject({ code: 'ERR_WRPC_CALL_ABORTED' });
    const cut = call({});
    peers[0]!.close(1001, 'bye');
    await expect(cut).rejects.toMatchObject({ code: 'ERR_WRPC_CLOSED', message: expect.stringContaining('1001: bye') });
    await expect(call({})).rejects.toMatchObject({ code: 'ERR_WRPC_CLOSED' });
    expect(client.signal.aborted).toBe(true);
  });

  it('bounds calls in both directions and the size of frames', async () => {
    const { url } = await serve({ maxOpenRequests: 1 }, { echo: () => new Promise(() => {}) });
    const client = await connect(url, { maxPendingCalls: 2, maxFrameBytes: 1000 });
    const echo = (value: string): Promise<unknown> =>
      client.call(echoService, echoService.methods.echo, { text: value });
    const hanging = expect(echo('a')).rejects.toMatchObject({ code: 'ERR_WRPC_CLOSED' });
    await expect(echo('b')).rejects.toThrow('1 calls are being worked on already');
    await expect(echo('x'.repeat(2000))).rejects.toMatchObject({ code: 'ERR_WRPC_FRAME_TOO_LARGE' });
    const second = echo('c');
    const exhausted = expect(echo('d')).rejects.toMatchObject({ code: 'ERR_WRPC_CALLS_EXHAUSTED' });
    await exhausted;
    await expect(second).rejects.toMatchObject({ code: 'ERR_WRPC_REMOTE' });
    client.terminate();
    await hanging;
  });

  it('cuts off who goes on calling and reads nothing', async () => {
    const { url, peers } = await serve();
    const { socket, closed } = await raw(url);
    const failed = new Promise<Error>((resolve) => peers[0]!.events.once('failed', resolve));
    socket.pause();
    const call = request({ payload: text.encode({ text: 'x'.repeat(10_000) }) });
    while (!peers[0]!.signal.aborted) {
      for (let count = 0; count < 50; count += 1) socket.send(call);
      await turn();
    }
    await expect(failed).resolves.toMatchObject({ code: 'ERR_WRPC_ANSWERS_UNREAD' });
    socket.resume();
    await expect(closed).resolves.toBe(1006);
  });

  it('refuses a second service with the same number', async () => {
    const { url } = await serve();
    const client = await connect(url);
    client.register(echoService, {});
    expect(() => client.register(echoService, {})).toThrow('service number 7 is taken');
  });

  it('says why it cannot connect', async () => {
    await expect(connectPeer({ url: 'ws://127.0.0.1:1/x?secret=1' })).rejects.toMatchObject({
      code: 'ERR_WRPC_CONNECT',
      message: expect.not.stringContaining('secret'),
    });
    await turn();
  });
});
