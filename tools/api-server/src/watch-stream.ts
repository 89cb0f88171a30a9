import { revisionNumber, tooLarge } from './list-page.ts';
import { groupVersionOf } from './served-kind.ts';
import { StatusError, expired } from './status-error.ts';
import type { Answer } from './answer.ts';
import type { ApiObject } from './api-object.ts';
import type { Clock } from '@koko/lifecycle';
import type { Collection, StoredEvent } from './collection.ts';
import type { Fault } from './faults.ts';
import type { Matcher } from './selectors.ts';
import type { Presenter } from './representation.ts';
import type { RequestFacts } from './request-facts.ts';
import type { ServedKind } from './served-kind.ts';

const BOOKMARK_BEFORE_END_MS = 2000;
const BATCH_CHARACTERS = 65_536;
const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' };

export interface WatchOptions {
  readonly facts: RequestFacts;
  readonly kind: ServedKind;
  readonly collection: Collection;
  readonly currentRevision: () => number;
  readonly namespace: string | undefined;
  readonly matches: Matcher | undefined;
  readonly presenter: Presenter;
  readonly resourceVersion: string;
  /** The initial state comes as events, ended by an annotated bookmark. */
  readonly sendInitialEvents: boolean | undefined;
  readonly allowBookmarks: boolean;
  readonly timeoutMs: number;
  readonly maxWaitingBytes: number;
  readonly clock: Clock;
}

/** One open watch: lines of JSON until its time is over, the client goes, or its kind does. */
export class WatchStream {
  readonly #answer: Answer;
  readonly #options: WatchOptions;
  readonly #disposers: (() => void)[] = [];
  #sentEvents = 0;
  #fault: (Fault & { readonly afterEvents?: number }) | undefined;
  #ended = false;

  constructor(answer: Answer, options: WatchOptions) {
    this.#answer = answer;
    this.#options = options;
  }

  get facts(): RequestFacts {
    return this.#options.facts;
  }

  get kind(): ServedKind {
    return this.#options.kind;
  }

  start(fault: Fault | undefined): void {
    this.#answer.head(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    if (fault !== undefined) this.strike(fault);
    try {
      this.#sendPast();
    } catch (error) {
      // A watch that cannot begin says so in its stream, as the real server does, not by its HTTP status.
      if (!(error instanceof StatusError)) throw error;
      return this.#fail(error);
    }
    if (this.#ended) return;
    const { collection, clock, timeoutMs } = this.#options;
    this.#disposers.push(
      collection.watch((event) => this.#sendChange(event)),
      clock.after(timeoutMs, () => this.end()),
      clock.after(Math.max(timeoutMs - BOOKMARK_BEFORE_END_MS, timeoutMs / 2), () => this.sendBookmark()),
    );
  }

  /** Ends the stream properly. */
  end(): void {
    this.release();
    this.#answer.end();
  }

  /** Gives back what the stream holds; the connection is gone, or about to. */
  release(): void {
    this.#ended = true;
    for (const dispose of this.#disposers.splice(0)) dispose();
  }

  /** Lets the fault happen to this stream, now or after `afterEvents` further events. */
  strike(fault: Fault): void {
    if (fault.kind !== 'error-event' && fault.kind !== 'malformed-line') return this.#answer.arm(fault);
    this.#sentEvents = 0;
    this.#fault = fault;
    this.#applyFault();
  }

  #applyFault(): void {
    const fault = this.#fault;
    if (fault === undefined || this.#ended || this.#sentEvents < (fault.afterEvents ?? 0)) return;
    this.#fault = undefined;
    if (fault.kind === 'malformed-line') this.#answer.write('{"type":"MODIFIED","object":{"kind":\n');
    else if (fault.kind === 'error-event') this.#fail(injectedError(fault.code));
  }

  #fail(error: StatusError): void {
    this.#answer.write(line('ERROR', error.toStatus()));
    this.end();
  }

  #sendPast(): void {
    const { collection, resourceVersion, sendInitialEvents, currentRevision } = this.#options;
    const since = revisionNumber(resourceVersion);
    if (sendInitialEvents === true) {
      if (since > currentRevision()) throw tooLarge(since, currentRevision());
      this.#sendState(collection.sorted());
      return this.sendBookmark(INITIAL_EVENTS_END);
    }
    if (since === 0) {
      if (sendInitialEvents === undefined) this.#sendState(collection.sorted());
      // The real server ends the initial state by a bookmark, too, where no version is given.
      return resourceVersion === '' ? this.sendBookmark(INITIAL_EVENTS_END) : undefined;
    }
    if (!collection.reachesBackTo(since))
      throw expired(`too old resource version: ${since} (${currentRevision()})`, {});
    for (const event of collection.eventsSince(since)) this.#sendChange(event);
  }

  /** In batches: tens of thousands of small writes would each cost a chunk. */
  #sendState(objects: readonly ApiObject[]): void {
    let batch = '';
    for (const object of objects) {
      if (!this.#selects(object)) continue;
      batch += line('ADDED', this.#options.presenter.object(object));
      this.#sentEvents += 1;
      if (batch.length < BATCH_CHARACTERS && this.#fault === undefined) continue;
      this.#answer.write(batch);
      batch = '';
      this.#applyFault();
      if (this.#ended) return;
    }
    if (batch !== '') this.#answer.write(batch);
  }

  #selects(object: ApiObject): boolean {
    const { namespace, matches, kind } = this.#options;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
    return matches === undefined || matches(kind.fromStored(object));
  }

  #sendChange({ type, object, previous }: StoredEvent): void {
    const was = previous !== undefined && this.#selects(previous);
    const is = type !== 'DELETED' && this.#selects(object);
    if (!was && !is) return;
    const shown = is || type === 'DELETED' ? object : left(previous ?? object, object);
    const name = is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED';
    this.#send(line(name, this.#options.presenter.object(shown)));
    this.#sentEvents += 1;
    this.#applyFault();
  }

  /** Tells the client the current resource version, if it wants bookmarks. */
  sendBookmark(annotations?: Readonly<Record<string, string>>): void {
    const { kind, allowBookmarks, currentRevision } = this.#options;
    if (!allowBookmarks || this.#ended) return;
    const metadata = { resourceVersion: String(currentRevision()), creationTimestamp: null };
    const object = {
      kind: kind.kind,
      apiVersion: groupVersionOf(kind),
      metadata: annotations === undefined ? metadata : { ...metadata, annotations },
    };
    this.#send(line('BOOKMARK', object));
  }

  #send(text: string): void {
    if (this.#ended) return;
    this.#answer.write(text);
    // Who does not read is cut off, so that its unread events do not fill the memory.
    if (this.#answer.waitingBytes <= this.#options.maxWaitingBytes) return;
    this.release();
    this.#answer.reset();
  }
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** An object that has left the selection: as it was when it was in it, at the version of the change. */
function left(previous: ApiObject, { metadata }: ApiObject): ApiObject {
  const { resourceVersion } = metadata;
  return resourceVersion === undefined
    ? previous
    : { ...previous, metadata: { ...previous.metadata, resourceVersion } };
}

function injectedError(code: number): StatusError {
  return code === 410
    ? expired('too old resource version: injected by a fault')
    : new StatusError(code, 'internal error: injected by a fault');
}
