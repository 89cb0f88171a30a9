import type { Accounts } from './accounts.ts';
import { Answer } from './answer.ts';
import { discoveryDocument, openApiDocument } from './discovery.ts';
import { revisionNumber } from './list-page.ts';
import { isTrue, requestFacts } from './request-facts.ts';
import { formFor, presenterFor } from './representation.ts';
import { parseBody, parsePatch, patchTypeOf, readBody } from './request-body.ts';
import {
  create,
  list,
  matcherOf,
  notAllowed,
  patch,
  remove,
  removeAll,
  targetOf,
  update,
} from './resource-requests.ts';
import { StatusError } from './status-error.ts';
import { WatchStream } from './watch-stream.ts';
import type { Clock } from '@koko/lifecycle';
import type { Cluster } from './cluster.ts';
import type { Fault, FaultPlan } from './faults.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Presenter } from './representation.ts';
import type { RequestFacts } from './request-facts.ts';
import type { RequestLog } from './request-log.ts';
import type { ServedKind } from './served-kind.ts';

const DEFAULT_WATCH_SECONDS = 1800; // the real server takes this to twice as long
const BODY_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];

export interface HandlerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly requests: RequestLog;
  readonly streams: Set<WatchStream>;
  readonly accounts: Accounts;
  readonly streamedLists: boolean;
  readonly maxWaitingBytes: number;
  readonly address: () => string;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly facts: RequestFacts;
  readonly fault: Fault | undefined;
}

/** Answers requests: the fault first, if one waits for it, then what Kubernetes would say. */
export class RequestHandler {
  readonly #options: HandlerOptions;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { requests, clock, faults } = this.#options;
    const userAgent = request.headers['user-agent'];
    const user = this.#options.accounts.userOf(request.headers.authorization);
    const facts = requestFacts(request.method ?? 'GET', request.url ?? '/', { userAgent, user });
    const setCode = requests.begin(facts, clock.now());
    const answer = new Answer(response);
    response.on('error', () => undefined); // a client that has gone, or a fault of ours
    try {
      const body = BODY_METHODS.includes(facts.method) ? await readBody(request) : '';
      const fault = faults.take(facts);
      if (fault !== undefined) await this.#applyFault(fault, answer, response);
      if (answer.isOpen && !response.headersSent) this.#answer({ request, response, answer, facts, fault }, body);
    } catch (error) {
      refuse(answer, error);
    }
    setCode(response.headersSent ? response.statusCode : 0);
  }

  async #applyFault(fault: Fault, answer: Answer, response: ServerResponse): Promise<void> {
    if (fault.kind === 'delay') return await this.#delay(fault.delayMs, response);
    if (fault.kind === 'status') {
      const { code, message = 'injected by a fault', ...details } = fault;
      throw new StatusError(code, message, details);
    }
    answer.arm(fault);
  }

  async #delay(delayMs: number, response: ServerResponse): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(delayMs, resolve);
    response.once('close', resolve);
    await promise;
    cancel();
    response.off('close', resolve);
  }

  #answer(exchange: Exchange, body: string): void {
    const { facts, answer, request } = exchange;
    this.#authenticate(request);
    if (facts.verb === 'path') return this.#answerPath(facts, answer);
    const { cluster } = this.#options;
    const kind = cluster.kinds.find(facts.group, facts.version, facts.resource);
    const isServed = facts.subresource === '' || (facts.subresource === 'status' && kind?.hasStatus === true);
    if (kind === undefined || !isServed || (!kind.namespaced && facts.namespace !== undefined))
      return cluster.kinds.isBuiltIn(facts.group, facts.version)
        ? refuse(answer, unknownResource())
        : notServed(answer);
    const form = formFor(request.headers.accept ?? '');
    const presenter = presenterFor(kind, form, () => this.#options.clock.now());
    this.#answerResource(exchange, kind, presenter, body);
  }

  #answerResource(exchange: Exchange, kind: ServedKind, presenter: Presenter, body: string): void {
    const { facts, answer, request } = exchange;
    const { cluster } = this.#options;
    const json = (): unknown => parseBody(request, body);
    switch (facts.verb) {
      case 'get':
        return answer.json(200, presenter.object(cluster.writer.get(targetOf(facts, kind))));
      case 'list':
        return answer.json(200, presenter.list(list(cluster, facts, kind)));
      case 'watch':
        return this.#watch(exchange, kind, presenter);
      case 'create':
        return answer.json(201, presenter.object(create(cluster, facts, kind, json())));
      case 'update': {
        const { object, isNew } = update(cluster, facts, kind, json());
        return answer.json(isNew ? 201 : 200, presenter.object(object));
      }
      case 'patch': {
        const type = patchTypeOf(request);
        const { object, isNew } = patch(cluster, facts, kind, { type, body: parsePatch(type, body) });
        return answer.json(isNew ? 201 : 200, presenter.object(object));
      }
      case 'delete':
        return answer.json(200, remove(cluster, facts, kind, body === '' ? undefined : json()));
      case 'deletecollection':
        return answer.json(200, presenter.list(removeAll(cluster, facts, kind)));
      default:
        throw notAllowed(facts);
    }
  }

  #watch({ facts, answer, response, fault }: Exchange, kind: ServedKind, presenter: Presenter): void {
    const { cluster, clock, maxWaitingBytes, streams } = this.#options;
    const { query } = facts;
    revisionNumber(query.get('resourceVersion') ?? ''); // what is no number is refused before the stream begins
    const stream = new WatchStream(answer, {
      facts,
      kind,
      collection: cluster.store.collection(kind.storageKey),
      currentRevision: () => cluster.store.revision,
      namespace: facts.namespace,
      matches: matcherOf(facts, kind),
      presenter,
      resourceVersion: query.get('resourceVersion') ?? '',
      sendInitialEvents: this.#initialEvents(query),
      allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
      timeoutMs: 1000 * Number(query.get('timeoutSeconds') ?? DEFAULT_WATCH_SECONDS),
      maxWaitingBytes,
      clock,
    });
    streams.add(stream);
    response.once('close', () => {
      stream.release();
      streams.delete(stream);
    });
    stream.start(fault?.kind === 'error-event' || fault?.kind === 'malformed-line' ? fault : undefined);
  }

  #initialEvents(query: URLSearchParams): boolean | undefined {
    const asked = query.get('sendInitialEvents');
    const match = query.get('resourceVersionMatch');
    if (asked === null && match === null) return undefined;
    const refusal = (field: string, why: string): StatusError =>
      new StatusError(422, `ListOptions.meta.k8s.io "" is invalid: ${field}: ${why}`, { reason: 'Invalid' });
    if (asked === null) throw refusal('resourceVersionMatch', 'Forbidden: only with sendInitialEvents');
    if (!this.#options.streamedLists) throw refusal('sendInitialEvents', 'Forbidden: this server does not offer it');
    if (match !== 'NotOlderThan')
      throw refusal('resourceVersionMatch', 'Required: "NotOlderThan" with sendInitialEvents');
    return isTrue(asked);
  }

  #authenticate({ headers }: IncomingMessage): void {
    if (!this.#options.accounts.letIn(headers.authorization)) throw new StatusError(401, 'Unauthorized');
  }

  #answerPath(facts: RequestFacts, answer: Answer): void {
    const { cluster, address } = this.#options;
    if (facts.method !== 'GET') throw notAllowed(facts);
    if (['/readyz', '/healthz', '/livez'].includes(facts.path))
      return answer.text(200, 'ok', { 'content-type': 'text/plain; charset=utf-8' });
    const document = facts.path.startsWith('/openapi/v3')
      ? openApiDocument(facts.path, cluster.kinds)
      : discoveryDocument(facts.path, cluster.kinds, address());
    if (document === undefined) notServed(answer);
    else answer.json(200, document);
  }
}

function unknownResource(): StatusError {
  return new StatusError(404, 'the server could not find the requested resource', { details: {} });
}

/** The real server answers paths, and groups, that nobody serves in plain text, not by a Status. */
function notServed(answer: Answer): void {
  answer.text(404, '404 page not found\n', { 'content-type': 'text/plain; charset=utf-8' });
}

function refuse(answer: Answer, error: unknown): void {
  const status = error instanceof StatusError ? error : new StatusError(500, `Internal error: ${String(error)}`);
  const wait = status.retryAfterSeconds;
  answer.json(status.code, status.toStatus(), wait === undefined ? {} : { 'retry-after': String(wait) });
}
