import type { ApiClient, ApiRequest } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { eventName, eventNamespace, eventObject, eventTime } from './event-object.ts';
import type { EventContent } from './event-object.ts';

export interface ClusterEventWriterOptions {
  readonly client: ApiClient;
  /** Which replica reports, such as the name of the Pod. */
  readonly instance: string;
}

/** What to report. */
export interface EventReport extends EventContent {
  /** An Event that is younger is left as it is, unless `seen` names it. */
  readonly leastAgeMs: number;
  /** The Event as last written or found; it is to be repeated. */
  readonly seen?: SeenEvent;
}

export interface SeenEvent {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/** `present`: there is a young one already. `conflict`: somebody else is at it. `refused`: it would be again. */
export type EventOutcome =
  | { readonly result: 'written' | 'present'; readonly seen: SeenEvent }
  | { readonly result: 'conflict' }
  | { readonly result: 'refused'; readonly error: ApiError };

/** Writes Events of type Warning to an API server: one for each object, reason and message, which counts how often it was reported. */
export class ClusterEventWriter {
  readonly #client: ApiClient;
  readonly #instance: string;

  constructor({ client, instance }: ClusterEventWriterOptions) {
    this.#client = client;
    this.#instance = instance;
  }

  /** @throws {ApiError} When the server cannot be reached or asks to be left alone. Or the reason of `signal`. */
  async write(report: EventReport, signal: AbortSignal): Promise<EventOutcome> {
    try {
      if (report.seen !== undefined) return await this.#repeat(report, report.seen, signal);
      // One that just came up is most likely to have none; after a start, most have one.
      const isNews = report.leastAgeMs === 0;
      return isNews ? await this.#createOrRenew(report, signal) : await this.#renewOrCreate(report, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'ERR_KUBERNETES_CONFLICT') return { result: 'conflict' };
      if (REFUSALS.has(error.code)) return { result: 'refused', error };
      throw error;
    }
  }

  async #createOrRenew(report: EventReport, signal: AbortSignal): Promise<EventOutcome> {
    const created = await unless('ERR_KUBERNETES_CONFLICT', this.#create(report, signal));
    const renewed = created ?? (await unless('ERR_KUBERNETES_NOT_FOUND', this.#renew(report, signal)));
    return renewed ?? { result: 'conflict' }; // there was one, which has just gone
  }

  async #renewOrCreate(report: EventReport, signal: AbortSignal): Promise<EventOutcome> {
    const renewed = await unless('ERR_KUBERNETES_NOT_FOUND', this.#renew(report, signal));
    return renewed ?? this.#create(report, signal);
  }

  async #repeat(report: EventReport, { count }: SeenEvent, signal: AbortSignal): Promise<EventOutcome> {
    const repeated = await unless('ERR_KUBERNETES_NOT_FOUND', this.#count(report, count + 1, signal));
    return repeated ?? this.#create(report, signal);
  }

  async #create(report: EventReport, signal: AbortSignal): Promise<EventOutcome> {
    const request = { ...requestFor(report, 'create'), body: eventObject(report, this.#instance) };
    await this.#client.request(request, signal);
    return { result: 'written', seen: { count: 1, lastAt: report.now } };
  }

  async #renew(report: EventReport, signal: AbortSignal): Promise<EventOutcome> {
    // A patch of nothing changes nothing and answers with the object, for the right to patch alone.
    const present = await this.#client.request({ ...requestFor(report, 'patch'), body: {} }, signal);
    const seen = seenIn(present);
    const isYoung = Math.abs(report.now - seen.lastAt) < report.leastAgeMs;
    return isYoung ? { result: 'present', seen } : this.#count(report, seen.count + 1, signal);
  }

  async #count(report: EventReport, count: number, signal: AbortSignal): Promise<EventOutcome> {
    const body = { count, lastTimestamp: eventTime(report.now) };
    await this.#client.request({ ...requestFor(report, 'patch'), body }, signal);
    return { result: 'written', seen: { count, lastAt: report.now } };
  }
}

/** No such namespace, or one that is on its way out, or Events of another shape: the same would be refused again. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ERR_KUBERNETES_FORBIDDEN',
  'ERR_KUBERNETES_INVALID',
  'ERR_KUBERNETES_NOT_FOUND',
]);

function requestFor(report: EventReport, verb: 'create' | 'patch'): ApiRequest {
  const all = `/api/v1/namespaces/${encodeURIComponent(eventNamespace(report.object))}/events`;
  return { verb, resource: 'events', path: verb === 'create' ? all : `${all}/${eventName(report)}` };
}

async function unless<T>(code: ApiError['code'], attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return undefined;
    throw error;
  }
}

/** Events that others have tampered with count as old. */
function seenIn({ count, lastTimestamp }: Readonly<Record<string, unknown>>): SeenEvent {
  const lastAt = typeof lastTimestamp === 'string' ? Date.parse(lastTimestamp) : Number.NaN;
  return {
    count: typeof count === 'number' && Number.isSafeInteger(count) ? count : 0,
    lastAt: Number.isNaN(lastAt) ? 0 : lastAt,
  };
}
