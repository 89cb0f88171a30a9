import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { silentLogger } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';
import type { KubernetesObject, ObjectReference } from '@koko/translator';
import { watch } from 'chokidar';
import { ChangeQueue } from './change-queue.ts';
import { ManifestError } from './manifest-error.ts';
import { ManifestFiles } from './manifest-files.ts';
import type { ManifestProblem } from './parse-manifests.ts';

export interface ManifestDirectoryOptions {
  /** Read with all folders below it: `*.yaml`, `*.yml` and `*.json`. */
  readonly directory: string;
  readonly logger?: Logger;
  /** A larger file is reported instead of read. Default 64 MiB. */
  readonly maxFileBytes?: number;
  /** A changed file is read once its size and time of change stay the same for so long. Default 10 ms. */
  readonly settleMs?: number;
  /** Told whenever `problems()` may have changed. */
  readonly onProblems?: () => void;
}

const DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024;
const DEFAULT_SETTLE_MS = 10;
const REAPPEAR_POLL_MS = 500;
/** Most editors and `>` empty a file before they fill it: an empty one is believed only after so many times the settle time. */
const EMPTY_FILE_PATIENCE = 20;

/** A directory of manifests as a source of Kubernetes objects, followed as files come, change and go. */
export class ManifestDirectory implements Runnable {
  readonly name = 'manifests';
  readonly #options: ManifestDirectoryOptions;
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #files = new ManifestFiles();
  readonly #queue = new ChangeQueue();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;
  /** File reads happen one after the other, so that the newest content is the one that stays. */
  #reading: Promise<void> = Promise.resolve();

  constructor(options: ManifestDirectoryOptions) {
    this.#options = options;
    this.#directory = resolve(options.directory);
    this.#logger = options.logger ?? silentLogger;
  }

  /** Follows the directory until `signal` aborts, also through its going and coming back. */
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
    await Promise.race([this.#synced.promise, aborted(signal)]);
    signal.throwIfAborted();
  }

  /** References of objects that came, changed or went, coalesced while the reader is busy. At first, all of them. */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]> {
    return this.#queue.drain(signal);
  }

  /** The object as the files have it now. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#files.find(reference);
  }

  /** What is wrong with the files at this moment. */
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
    if (found.isDirectory()) return;
    const message = `Cannot read manifests from "${directory}": it is no directory; name the folder that holds the file`;
    throw new ManifestError('ERR_MANIFESTS_DIRECTORY_MISSING', message);
  }

  /** Watches until the signal aborts or the watcher fails, as it does when the directory itself goes. */
  async #watchOnce(signal: AbortSignal, onRead: () => void): Promise<void> {
    const watcher = watch(this.#directory, { ignored: (path, stats) => stats?.isFile() === true && !isManifest(path) });
    const seen = new Set<string>();
    const failed = new Promise<void>((resolve) => {
      watcher.on('error', (error) => {
        this.#logger.warn({ err: error, directory: this.#options.directory }, 'Cannot watch the manifest directory');
        resolve();
      });
    });
    watcher.on('add', (path) => {
      seen.add(this.#display(path));
      this.#enqueue(path, () => this.#read(path));
    });
    watcher.on('change', (path) => this.#enqueue(path, () => this.#read(path)));
    watcher.on('unlink', (path) => this.#enqueue(path, () => this.#forget(path)));
    try {
      const scanned = once(watcher, 'ready', { signal }).then(
        () => true,
        () => false,
      );
      if (await Promise.race([scanned, failed.then(() => false)])) {
        await this.#reading;
        for (const file of this.#files.files()) if (!seen.has(file)) this.#changed(this.#files.delete(file));
        onRead();
        await Promise.race([aborted(signal), failed]);
      }
    } finally {
      await watcher.close();
      await this.#reading;
    }
  }

  async #untilDirectoryIsBack(signal: AbortSignal): Promise<void> {
    const wait = async (): Promise<unknown> =>
      setTimeout(REAPPEAR_POLL_MS, undefined, { signal }).catch(() => undefined);
    do await wait();
    while (!signal.aborted && !(await exists(this.#directory)));
  }

  #enqueue(path: string, work: () => Promise<void>): void {
    this.#reading = this.#reading.then(work).catch((error: unknown) => {
      this.#logger.error({ err: error, file: path }, 'Cannot take in a manifest file');
    });
  }

  async #read(path: string): Promise<void> {
    const file = this.#display(path);
    try {
      const maxFileBytes = this.#options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES;
      const size = await this.#settledSize(path);
      if (size > maxFileBytes) throw new Error(`it has ${size} bytes, more than the ${maxFileBytes} allowed`);
      this.#changed(this.#files.set(file, await readFile(path, 'utf8')));
    } catch (error) {
      const { code, message: reason } = error as NodeJS.ErrnoException; // from fs, or the Error above
      if (code === 'ENOENT') return; // gone again; its `unlink` follows
      const message = `${file}:1: cannot be read: ${reason}`;
      this.#files.fail(file, { code: 'ERR_MANIFESTS_FILE', path: [], message, file, line: 1 });
      this.#changed([]);
    }
  }

  /** Waits until nobody is writing the file, so that half of it is never taken for its content. */
  async #settledSize(path: string): Promise<number> {
    const settleMs = this.#hasSynced ? (this.#options.settleMs ?? DEFAULT_SETTLE_MS) : 0;
    let before = await stat(path);
    if (settleMs === 0) return before.size;
    for (let patience = EMPTY_FILE_PATIENCE; ; patience -= 1) {
      await setTimeout(settleMs);
      const now = await stat(path);
      const isSettled = now.size === before.size && now.mtimeMs === before.mtimeMs;
      if (patience <= 0 || (isSettled && now.size > 0)) return now.size;
      before = now;
    }
  }

  async #forget(path: string): Promise<void> {
    if (!(await exists(this.#directory))) {
      // A folder that vanished as a whole is more likely an unmounted volume than a wish to drop every route.
      this.#logger.warn(
        { directory: this.#options.directory },
        'The manifest directory is gone; keeping its last content',
      );
      return;
    }
    this.#changed(this.#files.delete(this.#display(path)));
  }

  #changed(references: readonly ObjectReference[]): void {
    for (const reference of references) this.#queue.add(reference);
    this.#options.onProblems?.();
  }

  #display(path: string): string {
    return relative(this.#directory, path);
  }
}

function isManifest(path: string): boolean {
  return /\.(ya?ml|json)$/.test(path);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
