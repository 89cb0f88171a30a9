import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import { systemClock, untilAborted } from '@koko/lifecycle';
import type { Clock } from '@koko/lifecycle';
import { Agents } from './agents.ts';
import { ApiError, errorForStatus } from './api-error.ts';
import type { ApiErrorCode } from './api-error.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { Deadline } from './deadline.ts';
import { splitLines } from './split-lines.ts';

/** One request. Verb and resource as roles name them; they also stand in error messages. */
export interface ApiRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  /** For example `ingresses.networking.k8s.io`, or `ingresses.networking.k8s.io/status`. */
  readonly resource: string;
  /** For example `/api/v1/namespaces/shop/services/cart`. */
  readonly path: string;
  /** Entries without a value are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Default: `application/json`. */
  readonly accept?: string;
  /** Sent as JSON; as a merge patch with the verb `patch`. */
  readonly body?: unknown;
  /** Default: that of the client. */
  readonly timeoutMs?: number;
  /** Whether it must not wait for a connection while many others are under way. */
  readonly isUrgent?: boolean;
}

/** Part of a list. */
export interface ListPage {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
}

export interface ApiClientOptions {
  readonly access: ClusterAccess;
  /** Until a request must be answered in full; for a watch, until it must have begun. Default: 30,000. */
  readonly timeoutMs?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
}

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};
const UNAUTHORIZED = 401;
const DEFAULT_TIMEOUT_MS = 30_000;
/** A page of 500 objects of the largest size that etcd takes would be larger; nobody has such. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_PAGES = 100_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Talks JSON with an API server. It never tries again by itself: errors say what happened, and callers know how long to wait. */
export class ApiClient {
  readonly #access: ClusterAccess;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #agents = new Agents();

  constructor(options: ApiClientOptions) {
    this.#access = options.access;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#clock = options.clock ?? systemClock;
  }

  /** The namespace of the kubeconfig's context, or of this Pod. */
  get namespace(): string {
    return this.#access.namespace;
  }

  /**
   * Sends a request and returns the object in the answer.
   * @throws {ApiError} Or the reason of `signal`.
   */
  async request(request: ApiRequest, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const deadline = new Deadline(this.#clock, signal);
    deadline.extend(request.timeoutMs ?? this.#timeoutMs);
    try {
      const response = await this.#open(request, deadline);
      return parseAnswer(request, await this.#read(request, response, deadline));
    } finally {
      deadline.release();
    }
  }

  /**
   * A list, in pages of at most `limit` objects; all in one without a limit.
   * @throws {ApiError} `ERR_KUBERNETES_GONE` when the list has expired on the way; what came before is then of no use.
   */
  async *pages(request: ApiRequest, limit: number | undefined, signal: AbortSignal): AsyncGenerator<ListPage> {
    let continueToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query = { ...request.query, limit, continue: continueToken };
      const answer = await this.request({ ...request, query }, signal);
      const metadata = (answer['metadata'] ?? {}) as Readonly<Record<string, unknown>>; // checked field by field
      const items = answer['items'] ?? [];
      const { resourceVersion } = metadata;
      if (!Array.isArray(items) || typeof resourceVersion !== 'string' || resourceVersion === '') {
        throw failure('ERR_KUBERNETES_MALFORMED', request, 'the answer is no list');
      }
      yield { items, resourceVersion };
      if (typeof metadata['continue'] !== 'string' || metadata['continue'] === '') return;
      continueToken = metadata['continue'];
    }
    throw failure('ERR_KUBERNETES_MALFORMED', request, `the list has more than ${MAX_PAGES} pages`);
  }

  /**
   * The lines of an answer that comes bit by bit. Ends when the server ends it in order.
   * @param silenceMs How long nothing may come at this time; asked again after each chunk.
   * @throws {ApiError} `ERR_KUBERNETES_STREAM_BROKEN` or `ERR_KUBERNETES_SILENT` once it has begun, others before.
   */
  async *lines(request: ApiRequest, silenceMs: () => number, signal: AbortSignal): AsyncGenerator<string> {
    const deadline = new Deadline(this.#clock, signal);
    deadline.extend(request.timeoutMs ?? this.#timeoutMs);
    let response: IncomingMessage | undefined;
    try {
      response = await this.#open(request, deadline);
      deadline.extend(silenceMs());
      const chunks = extending(response, () => deadline.extend(silenceMs()));
      yield* splitLines(chunks, MAX_LINE_BYTES);
    } catch (error) {
      if (response === undefined) throw error;
      throw this.#streamFailure(request, error, deadline, signal);
    } finally {
      response?.destroy();
      deadline.release();
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#agents.close();
  }

  /** Settles once the head of a good answer is in. */
  async #open(request: ApiRequest, deadline: Deadline): Promise<IncomingMessage> {
    const response = await this.#connect(request, deadline);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const answer = parseQuietly(await this.#read(request, response, deadline));
    if (status === UNAUTHORIZED) this.#access.forget?.();
    throw errorForStatus(request, status, answer, this.#retryAfterMs(response));
  }

  async #connect(request: ApiRequest, deadline: Deadline): Promise<IncomingMessage> {
    try {
      const prepared = await this.#prepare(request, deadline.signal);
      return await send(prepared).catch((error: unknown) => {
        // The server may close an idle connection just as it is used again; reading twice does no harm.
        if (prepared.options.method === 'GET' && error instanceof StaleConnection) return send(prepared);
        throw error;
      });
    } catch (error) {
      throw error instanceof ApiError ? error : this.#networkFailure(request, error, deadline);
    }
  }

  async #prepare(request: ApiRequest, signal: AbortSignal): Promise<PreparedRequest> {
    const { server } = this.#access;
    // A credential plugin is a program of its own, which may hang.
    const late = untilAborted(signal).then(() => Promise.reject(new Error('aborted')));
    const credentials = await Promise.race([this.#access.authenticate(), late]);
    const url = new URL(server.href.replace(/\/$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const contentType = request.verb === 'patch' ? 'application/merge-patch+json' : 'application/json';
    const bodyHeaders = body && { 'Content-Type': contentType, 'Content-Length': String(body.length) };
    const headers = { Accept: request.accept ?? 'application/json', 'User-Agent': 'iic', ...bodyHeaders };
    const use = request.verb === 'watch' ? 'watch' : request.isUrgent === true ? 'urgent' : 'request';
    const agent = credentials.agent ?? this.#agents.get(use, url.protocol, credentials.tls);
    const method = METHODS[request.verb];
    return { url, body, options: { method, agent, signal, headers: { ...headers, ...credentials.headers } } };
  }

  async #read(request: ApiRequest, response: IncomingMessage, deadline: Deadline): Promise<string> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        if (sizeBytes > MAX_ANSWER_BYTES) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#networkFailure(request, error, deadline);
    }
    if (sizeBytes <= MAX_ANSWER_BYTES) return Buffer.concat(chunks, sizeBytes).toString('utf8');
    throw failure('ERR_KUBERNETES_MALFORMED', request, `the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
  }

  #networkFailure(request: ApiRequest, error: unknown, deadline: Deadline): unknown {
    if (deadline.isOver) return failure('ERR_KUBERNETES_TIMEOUT', request, 'the API server did not answer in time');
    if (deadline.signal.aborted) return deadline.signal.reason;
    const { host } = this.#access.server;
    return failure('ERR_KUBERNETES_UNREACHABLE', request, `no connection to ${host} (${systemCode(error)})`);
  }

  #streamFailure(request: ApiRequest, error: unknown, deadline: Deadline, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (deadline.isOver) return failure('ERR_KUBERNETES_SILENT', request, 'nothing came for too long');
    if (error instanceof RangeError) return failure('ERR_KUBERNETES_MALFORMED', request, error.message);
    return failure('ERR_KUBERNETES_STREAM_BROKEN', request, `the connection broke (${systemCode(error)})`);
  }

  /** Seconds, or a date. */
  #retryAfterMs(response: IncomingMessage): number | undefined {
    const text = response.headers['retry-after'];
    if (text === undefined) return undefined;
    const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - this.#clock.now();
    return Number.isNaN(waitMs) ? undefined : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, waitMs));
  }
}

interface PreparedRequest {
  readonly url: URL;
  readonly body: Buffer | undefined;
  readonly options: RequestOptions;
}

class StaleConnection extends Error {
  readonly code: string | undefined;
  constructor(error: NodeJS.ErrnoException) {
    super('stale connection', { cause: error });
    this.code = error.code;
  }
}

function send({ url, body, options }: PreparedRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale ? new StaleConnection(error) : error);
    });
    outgoing.end(body);
  });
}

async function* extending(response: IncomingMessage, extend: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of response as AsyncIterable<Buffer>) {
    extend();
    yield chunk;
  }
}

function parseAnswer(request: ApiRequest, text: string): Readonly<Record<string, unknown>> {
  const answer = parseQuietly(text);
  if (typeof answer === 'object' && answer !== null) return answer as Readonly<Record<string, unknown>>;
  throw failure('ERR_KUBERNETES_MALFORMED', request, 'the answer is no JSON object; does a proxy stand between?');
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(code: ApiErrorCode, { verb, resource }: ApiRequest, reason: string): ApiError {
  return new ApiError(code, `Cannot ${verb} ${resource}: ${reason}`);
}

/** Messages of network errors are not passed on, only their codes. */
function systemCode(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException; // from node's net, tls and http
  return code ?? name;
}
