import { readFile, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** What has become of a file. */
export type FileState =
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** How to read files. */
export interface FileIntakeOptions {
  readonly maxFileBytes: number;
  /** A file is read once its size and time of change stay the same for so long; asked anew for each file. */
  readonly settleMs: () => number;
  /** Told what a burst of changes came to, all files of it at once; one call at a time. */
  readonly take: (states: ReadonlyMap<string, FileState>) => Promise<void>;
}

interface Visit {
  /** The file may have changed since this visit began. */
  isOutdated: boolean;
  /** It takes so long to settle that the others do not wait for it. */
  isSlow: boolean;
}

const MAX_VISITS = 128; // each holds at most one open file
const LONGEST_HOLD_MS = 200;
/** Settle times without rest after which others stop waiting for a file, and after which it is read as it is. */
const SLOW_AFTER = 3;
const UNSETTLED_PATIENCE = 20;
/** `helm template > file` empties the file first and fills it seconds later: believe an empty one, and one that lost much, late. */
const EMPTY_PATIENCE = 200;
const SHRUNK_PATIENCE = 20;
const SHRUNK_TO = 0.9;

/**
 * Looks at files that may have changed, many at a time, each once nobody writes it any more. What changed together is handed
 * over together, so that an object which moves from one file to another is never seen missing.
 */
export class FileIntake {
  readonly #options: FileIntakeOptions;
  readonly #visits = new Map<string, Visit>();
  readonly #queue = new Set<string>();
  readonly #knownBytes = new Map<string, number>();
  #found = new Map<string, FileState>();
  #foundSince = 0;
  #taking: Promise<void> = Promise.resolve();
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(options: FileIntakeOptions) {
    this.#options = options;
  }

  /** Has a file looked at; whether it came, changed or went shows then. */
  visit(path: string): void {
    const visit = this.#visits.get(path);
    if (visit !== undefined) visit.isOutdated = true;
    else if (this.#visits.size >= MAX_VISITS) this.#queue.add(path);
    else void this.#visit(path);
  }

  /** Settles once nothing is under way. */
  async idle(): Promise<void> {
    if (this.#visits.size > 0) await (this.#whenIdle ??= Promise.withResolvers()).promise;
    await this.#taking;
  }

  async #visit(path: string): Promise<void> {
    const visit: Visit = { isOutdated: false, isSlow: false };
    this.#visits.set(path, visit);
    const state = await this.#look(path, visit);
    this.#visits.delete(path);
    if (this.#found.size === 0) this.#foundSince = performance.now();
    this.#found.set(path, state);
    const [next] = this.#queue;
    if (next !== undefined) this.#queue.delete(next);
    for (const again of visit.isOutdated ? [path, next] : [next]) if (again !== undefined) this.visit(again);
    this.#handIfQuiet();
    if (this.#visits.size > 0) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #handIfQuiet(): void {
    const isQuiet = [...this.#visits.values()].every(({ isSlow }) => isSlow);
    if (isQuiet || performance.now() - this.#foundSince > LONGEST_HOLD_MS) this.#hand();
  }

  #hand(): void {
    const states = this.#found;
    if (states.size === 0) return;
    this.#found = new Map();
    this.#taking = this.#taking.then(async () => this.#options.take(states));
  }

  async #look(path: string, visit: Visit): Promise<FileState> {
    try {
      const size = await this.#settledSize(path, visit);
      if (size === undefined) return this.#gone(path);
      const { maxFileBytes } = this.#options;
      if (size > maxFileBytes) return unreadable(`it has ${size} bytes, more than the ${maxFileBytes} allowed`);
      const bytes = await readFile(path);
      this.#knownBytes.set(path, bytes.byteLength);
      return { kind: 'content', bytes };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException; // from fs, or the Error of this file
      return code === 'ENOENT' || code === 'ENOTDIR' ? this.#gone(path) : unreadable(code ?? message);
    }
  }

  #gone(path: string): FileState {
    this.#knownBytes.delete(path);
    return { kind: 'gone' };
  }

  /** Waits until nobody is writing the file, so that half of it is never taken for its content. */
  async #settledSize(path: string, visit: Visit): Promise<number | undefined> {
    const settleMs = this.#options.settleMs();
    let before = await stat(path);
    for (let rests = 0, unrest = 0, looks = 1; ; looks += 1) {
      if (before.isDirectory()) return undefined;
      if (!before.isFile()) throw new Error('it is no regular file'); // reading a pipe would wait for ever
      if (settleMs === 0 || rests >= this.#restsNeeded(path, before.size)) return before.size;
      if (unrest >= UNSETTLED_PATIENCE) return before.size;
      if (looks === SLOW_AFTER) {
        visit.isSlow = true;
        this.#handIfQuiet();
      }
      await setTimeout(settleMs);
      const now = await stat(path);
      const isSame = now.size === before.size && now.mtimeMs === before.mtimeMs && now.ino === before.ino;
      [rests, unrest] = isSame ? [rests + 1, 0] : [0, unrest + 1];
      before = now;
    }
  }

  /** For how many settle times a file of that size has to rest until it is believed. */
  #restsNeeded(path: string, size: number): number {
    if (size === 0) return EMPTY_PATIENCE;
    return size < (this.#knownBytes.get(path) ?? 0) * SHRUNK_TO ? SHRUNK_PATIENCE : 1;
  }
}

const unreadable = (reason: string): FileState => ({ kind: 'unreadable', reason });
