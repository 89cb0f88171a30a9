import type { RequestFacts } from './request-facts.ts';

/** What can go wrong with one request, or with one stream of events. */
export type Fault =
  /** The connection is reset before any byte, or after so many bytes of the body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Nothing more is sent, from the start or after so many bytes of the body; the socket stays open. */
  | { readonly kind: 'stall'; readonly afterBytes?: number }
  /** The body ends properly after so many bytes, in the middle of what it says. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** The answer comes later. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The answer is a refusal: 409, 410, 429 (with `retryAfterSeconds`), 500 and so on. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly message?: string;
      readonly retryAfterSeconds?: number;
    }
  /** An ERROR event in a stream of events, which then ends. */
  | { readonly kind: 'error-event'; readonly code: number; readonly afterEvents?: number }
  /** A line that is no JSON in a stream of events, which goes on. */
  | { readonly kind: 'malformed-line'; readonly afterEvents?: number }
  /** The body comes in pieces: of so many bytes, or cut inside every character that is longer than a byte. */
  | { readonly kind: 'split'; readonly pieces: number | 'inside-characters' };

/** A fault that lies in wait for requests. */
export interface FaultRule {
  readonly match: (request: RequestFacts) => boolean;
  /** How many requests it strikes; without, all. */
  readonly times?: number;
  readonly fault: Fault;
}

/** A rule that was added; it ends by itself after its `times`. */
export interface ArmedFault {
  /** How many requests it has struck so far. */
  readonly struck: number;
  disarm(): void;
}

interface Armed {
  readonly rule: FaultRule;
  struck: number;
}

/** The faults that a test has set up; the first that matches a request strikes it. */
export class FaultPlan {
  readonly #armed = new Set<Armed>();
  readonly #strikeStreams: (match: FaultRule['match'], fault: Fault) => number;

  constructor(strikeStreams: (match: FaultRule['match'], fault: Fault) => number) {
    this.#strikeStreams = strikeStreams;
  }

  add(rule: FaultRule): ArmedFault {
    const armed: Armed = { rule, struck: 0 };
    this.#armed.add(armed);
    return {
      get struck(): number {
        return armed.struck;
      },
      disarm: () => void this.#armed.delete(armed),
    };
  }

  /**
   * Strikes the watches that are open now.
   * @returns How many matched.
   */
  strike(rule: Pick<FaultRule, 'match' | 'fault'>): number {
    return this.#strikeStreams(rule.match, rule.fault);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The fault for this request, if one matches; it counts as struck. */
  take(request: RequestFacts): Fault | undefined {
    for (const armed of this.#armed) {
      if (!armed.rule.match(request)) continue;
      armed.struck += 1;
      if (armed.struck >= (armed.rule.times ?? Infinity)) this.#armed.delete(armed);
      return armed.rule.fault;
    }
    return undefined;
  }
}
