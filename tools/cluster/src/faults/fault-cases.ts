import type { Fault } from '@koko/api-server';
import type { SeededRandom } from '../seeded-random.ts';

/** A watch that is open or the next to be opened, a list, a further page of it, one object's content, a leader's write. */
export type FaultTarget =
  'open watch' | 'new watch' | 'list' | 'next page' | 'get' | 'status write' | 'event write' | 'lease write';

/** One way in which requests of one sort go wrong. */
export interface FaultCase {
  readonly target: FaultTarget;
  readonly name: string;
  readonly fault: (random: SeededRandom) => Fault;
}

const refusal = (code: number, more: object = {}): [string, FaultCase['fault']] => [
  `answers ${code}`,
  () => ({ kind: 'status', code, ...more }),
];
const resetAtOnce: [string, FaultCase['fault']] = ['reset', () => ({ kind: 'reset' })];
const resetWithin: [string, FaultCase['fault']] = [
  'reset after some bytes',
  (random) => ({ kind: 'reset', afterBytes: random.below(200) }),
];
const stallAtOnce: [string, FaultCase['fault']] = ['stall', () => ({ kind: 'stall' })];
const stallWithin: [string, FaultCase['fault']] = [
  'stall after some bytes',
  (random) => ({ kind: 'stall', afterBytes: random.below(200) }),
];
const truncated: [string, FaultCase['fault']] = [
  'ends in the middle',
  (random) => ({ kind: 'truncate', afterBytes: random.below(200) }),
];
const slow: [string, FaultCase['fault']] = ['slow', (random) => ({ kind: 'delay', delayMs: 20 + random.below(80) })];
const insideCharacters: [string, FaultCase['fault']] = [
  'lines split inside characters',
  () => ({ kind: 'split', pieces: 'inside-characters' }),
];
const smallPieces: [string, FaultCase['fault']] = [
  'lines split in small pieces',
  (random) => ({ kind: 'split', pieces: 100 + random.below(100) }),
];
const expired: [string, FaultCase['fault']] = ['ERROR event 410', () => ({ kind: 'error-event', code: 410 })];
const broken: [string, FaultCase['fault']] = [
  'ERROR event 500, later',
  (random) => ({ kind: 'error-event', code: 500, afterEvents: random.below(3) }),
];
const malformed: [string, FaultCase['fault']] = ['a line that is no JSON', () => ({ kind: 'malformed-line' })];
const throttled = refusal(429, { retryAfterSeconds: 0 });

const writeFaults = [resetAtOnce, stallAtOnce, slow, refusal(409), refusal(500), throttled];

const table: Readonly<Record<FaultTarget, readonly [string, FaultCase['fault']][]>> = {
  'open watch': [
    resetAtOnce,
    resetWithin,
    stallAtOnce,
    stallWithin,
    truncated,
    expired,
    broken,
    malformed,
    insideCharacters,
    smallPieces,
  ],
  'new watch': [
    resetAtOnce,
    stallAtOnce,
    slow,
    expired,
    ...[410, 403, 500, 503].map((code) => refusal(code)),
    throttled,
  ],
  list: [
    resetAtOnce,
    resetWithin,
    stallWithin,
    truncated,
    slow,
    insideCharacters,
    refusal(401),
    refusal(500),
    throttled,
  ],
  'next page': [resetWithin, truncated, slow, refusal(410), refusal(500)],
  get: [
    resetAtOnce,
    resetWithin,
    stallAtOnce,
    truncated,
    slow,
    insideCharacters,
    refusal(403),
    refusal(500),
    throttled,
  ],
  'status write': writeFaults,
  'event write': writeFaults,
  'lease write': writeFaults,
};

/** Every fault that the API server in process can be told to make, where it can befall a controller. */
export const faultCases: readonly FaultCase[] = Object.entries(table).flatMap(
  ([target, faults]) => faults.map(([name, fault]) => ({ target: target as FaultTarget, name, fault })), // the keys of the table
);
