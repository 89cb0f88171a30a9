import type { RequestFacts } from './request-facts.ts';

/** One request that was answered, or is being answered while `code` is 0. */
export interface LoggedRequest extends RequestFacts {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The HTTP status; 0 where none was sent. */
  readonly code: number;
}

/** Which requests to count; what is left out matches everything. */
export type RequestFilter = Partial<
  Pick<LoggedRequest, 'verb' | 'group' | 'resource' | 'subresource' | 'namespace' | 'name' | 'user' | 'code'>
>;

/** The requests the server has got: the last ones one by one, all of them counted. */
export class RequestLog {
  readonly #limit: number;
  #entries: { -readonly [Field in keyof LoggedRequest]: LoggedRequest[Field] }[] = [];
  #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns Sets the status once it is known. */
  begin(facts: RequestFacts, time: number): (code: number) => void {
    const entry = { ...facts, time, code: 0 };
    this.#entries.push(entry);
    if (this.#entries.length > this.#limit * 1.25) this.#entries = this.#entries.slice(-this.#limit);
    const key = facts.resource === '' ? facts.path : `${facts.verb} ${resourceOf(facts)}`;
    if (this.#counts.has(key) || this.#counts.size < this.#limit)
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return (code) => void (entry.code = code);
  }

  /** The last requests, oldest first. */
  get entries(): readonly LoggedRequest[] {
    return this.#entries.slice(-this.#limit);
  }

  /** How often each was asked since the last `reset`, e.g. `update ingresses/status`; other requests by path. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** How many of the last requests match. */
  count(filter: RequestFilter = {}): number {
    const wanted = Object.entries(filter);
    const matches = (entry: object): boolean =>
      wanted.every(([field, value]) => (entry as Record<string, unknown>)[field] === value); // read only, by known names
    return this.entries.filter(matches).length;
  }

  reset(): void {
    this.#entries = [];
    this.#counts = new Map();
  }
}

function resourceOf({ resource, subresource }: RequestFacts): string {
  return subresource === '' ? resource : `${resource}/${subresource}`;
}
