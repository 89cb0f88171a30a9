import { access, constants, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CoalescingQueue, silentLogger } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';
import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectReference } from '@koko/translator';
import { watchDirectory } from './directory-watch.ts';
import { FileIntake } from './file-intake.ts';
import type { FileState } from './file-intake.ts';
import { ManifestError } from './manifest-error.ts';
import { ManifestFiles } from './manifest-files.ts';
import type { ProblemChanges } from './manifest-files.ts';
import type { ManifestProblem } from './parse-manifests.ts';

export interface ManifestDirectoryOptions {
  /** Read with all folders below it: `*.yaml`, `*.yml` and `*.json`. Names that begin with a dot are ignored. */
  readonly directory: string;
  readonly logger?: Logger;
  /** A larger file is reported instead of read. Default 64 MiB. */
  readonly maxFileBytes?: number;
  /** A changed file is read once its size and time of change stay the same for so long. Default 10 ms. */
  readonly settleMs?: number;
  /** Told which problems came and went, whenever `problems()` has changed. */
  readonly onProblems?: (changes: ProblemChanges) => void;
}

const DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024;
const DEFAULT_SETTLE_MS = 10;
const REAPPEAR_POLL_MS = 500;
const UNREADABLE_POLL_MS = 1000;

/** A directory of manifests as a source of Kubernetes objects, followed as files come, change and go. */
export class ManifestDirectory implements Runnable {
  readonly name = 'manifests';
  readonly #options: ManifestDirectoryOptions;
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #files = new ManifestFiles();
  readonly #queue = new CoalescingQueue<ObjectReference>(referenceKey);
  readonly #synced = Promise.withResolvers<void>();
  readonly #intake: FileIntake;
  /** Looked at again now and then: no event tells that permissions have changed. */
  readonly #unreadable = new Set<string>();
  readonly #unreadableFolders = new Set<string>();
  #hasSynced = false;
  /** Ends the present watch, after which the next one begins with a scan. */
  #watchAgain = (): void => {};

  constructor(options: ManifestDirectoryOptions) {
    const { maxFileBytes = DEFAULT_MAX_FILE_BYTES, settleMs = DEFAULT_SETTLE_MS } = options;
    this.#options = options;
    this.#directory = resolve(options.directory);
    this.#logger = options.logger ?? silentLogger;
    this.#intake = new FileIntake({
      maxFileBytes,
      settleMs: () => (this.#hasSynced ? settleMs : 0),
      take: async (states) => this.#take(states),
    });
  }

  /**
   * Follows the directory until `signal` aborts, also through its going and coming back.
   * @throws {ManifestError} When it cannot be read or watched at the start.
   */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    await this.#checkDirectory();
    while (!signal.aborted) {
      await this.#watchOnce(signal, () => {
        if (!this.#hasSynced) ready();
        this.#hasSynced = true;
        this.#synced.resolve();
      });
      if (!signal.aborted) await this.#untilDirectoryIsBack(signal);
    }
  }

  /** Settles once every file has been read for the first time. */
  async synced(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason as Error); // `reason` is typed as any
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#synced.promise, promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /**
   * References of objects that came, changed or went, coalesced while the reader is busy. The first batch names all there
   * are, and comes even when there are none.
   */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]> {
    return this.#queue.drain(signal);
  }

  /** The object as the files have it now. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#files.find(reference);
  }

  /** None, as nothing waits for a demand. */
  guess(): readonly ObjectReference[] {
    return [];
  }

  /** Whatever the files have is given on, demanded or not: it is all in memory anyway. */
  demand(): { readonly here: readonly ObjectReference[]; readonly awaited: readonly ObjectReference[] } {
    return { here: [], awaited: [] };
  }

  release(): readonly ObjectReference[] {
    return [];
  }

  /** At once, as nothing is ever awaited. */
  async settled(): Promise<void> {}

  /** What is wrong with the files at this moment, in order of files and lines. */
  problems(): readonly ManifestProblem[] {
    return this.#files.problems();
  }

  async #checkDirectory(): Promise<void> {
    const { directory } = this.#options;
    const found = await stat(this.#directory).catch((cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'ENOENT' ? 'ERR_MANIFESTS_DIRECTORY_MISSING' : 'ERR_MANIFESTS_DIRECTORY_UNREADABLE';
      const reason = cause.code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${cause.code ?? 'unknown'})`;
      throw new ManifestError(code, `Cannot read manifests from "${directory}": ${reason}`, { cause });
    });
    if (!found.isDirectory()) {
      const message = `Cannot read manifests from "${directory}": it is no directory; name the folder that holds the file`;
      throw new ManifestError('ERR_MANIFESTS_DIRECTORY_MISSING', message);
    }
    await access(this.#directory, constants.R_OK | constants.X_OK).catch((cause: unknown) => {
      throw unreadableDirectory(directory, 'this process may not read it', cause);
    });
  }

  /** Watches until the signal aborts or the watcher fails, as it does when the directory itself goes. */
  async #watchOnce(signal: AbortSignal, onRead: () => void): Promise<void> {
    const end = new AbortController(); // of this watch, so that nothing stays behind on the signal
    const stop = (): void => end.abort();
    this.#watchAgain = stop;
    signal.addEventListener('abort', stop, { once: true });
    const retry = setInterval(() => void this.#retryUnreadable(), UNREADABLE_POLL_MS);
    const seen = new Set<string>();
    try {
      await watchDirectory({
        directory: this.#directory,
        signal: end.signal,
        changed: (path, isScan) => {
          if (isScan) seen.add(this.#display(path));
          this.#intake.visit(path);
        },
        folderUnreadable: (path, reason) => {
          seen.add(this.#display(path));
          this.#reportFolder(path, reason);
        },
        scanned: async () => {
          await this.#intake.idle();
          for (const file of this.#files.files()) if (!seen.has(file)) this.#changed(this.#files.delete(file));
          this.#reportProblems();
          onRead();
        },
      });
    } catch (error) {
      this.#watchFailed(error);
    } finally {
      clearInterval(retry);
      signal.removeEventListener('abort', stop);
      await this.#intake.idle();
    }
  }

  #watchFailed(error: unknown): void {
    const { directory } = this.#options;
    const { message } = error as Error; // from the file system
    if (!this.#hasSynced) throw unreadableDirectory(directory, `it cannot be watched (${message})`, error);
    this.#logger.warn({ err: error, directory }, 'Cannot watch the manifest directory; trying again');
  }

  async #untilDirectoryIsBack(signal: AbortSignal): Promise<void> {
    const wait = async (): Promise<unknown> =>
      setTimeout(REAPPEAR_POLL_MS, undefined, { signal }).catch(() => undefined);
    do await wait();
    while (!signal.aborted && !(await exists(this.#directory)));
  }

  async #take(states: ReadonlyMap<string, FileState>): Promise<void> {
    const isGone = [...states.values()].some(({ kind }) => kind === 'gone') && !(await exists(this.#directory));
    for (const [path, state] of states) {
      if (state.kind === 'unreadable') this.#unreadable.add(path);
      else this.#unreadable.delete(path);
      // A folder that vanished as a whole is more likely an unmounted volume than a wish to drop every route.
      if (!isGone || state.kind !== 'gone') this.#changed(this.#takeFile(this.#display(path), state));
    }
    this.#reportProblems();
    if (!isGone) return;
    const { directory } = this.#options;
    this.#logger.warn({ directory }, 'The manifest directory is gone; keeping its last content');
    this.#watchAgain(); // what differs when it is back shows by a new scan only
  }

  #takeFile(file: string, state: FileState): readonly ObjectReference[] {
    if (state.kind === 'content') return this.#files.set(file, state.bytes);
    if (state.kind === 'gone') return this.#files.delete(file);
    this.#files.fail(file, `cannot be read: ${state.reason}`);
    return [];
  }

  #reportFolder(path: string, reason: string): void {
    this.#unreadableFolders.add(path);
    this.#files.fail(this.#display(path), `is a folder that cannot be read: ${reason}`);
    this.#reportProblems();
  }

  async #retryUnreadable(): Promise<void> {
    for (const path of this.#unreadable) this.#intake.visit(path);
    for (const path of this.#unreadableFolders) {
      const isStill = await access(path, constants.R_OK | constants.X_OK).then(
        () => false,
        ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
      );
      if (isStill) continue;
      this.#unreadableFolders.delete(path);
      this.#changed(this.#files.delete(this.#display(path)));
      this.#reportProblems();
      this.#watchAgain();
    }
  }

  #changed(references: readonly ObjectReference[]): void {
    for (const reference of references) this.#queue.add(reference);
  }

  #reportProblems(): void {
    const changes = this.#files.takeProblemChanges();
    if (changes.added.length + changes.removed.length > 0) this.#options.onProblems?.(changes);
  }

  #display(path: string): string {
    return relative(this.#directory, path);
  }
}

function unreadableDirectory(directory: string, reason: string, cause: unknown): ManifestError {
  const message = `Cannot read manifests from "${directory}": ${reason}`;
  return new ManifestError('ERR_MANIFESTS_DIRECTORY_UNREADABLE', message, { cause });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
