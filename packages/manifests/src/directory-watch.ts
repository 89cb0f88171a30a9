import type { Stats } from 'node:fs';
import { relative, sep } from 'node:path';
import { untilAborted } from '@koko/lifecycle';
import { watch } from 'chokidar';

/** What to follow and whom to tell. */
export interface DirectoryWatchOptions {
  readonly directory: string;
  readonly signal: AbortSignal;
  /** A manifest may have come, changed or gone. `isScan`: found while looking through the directory for the first time. */
  readonly changed: (path: string, isScan: boolean) => void;
  /** A folder below the directory is left out. */
  readonly folderUnreadable: (path: string, reason: string) => void;
  /** Everything there is has been told. */
  readonly scanned: () => Promise<void>;
}

/**
 * Follows the manifests of a directory until the signal aborts.
 * @throws What makes it impossible to watch any longer, e.g. that the directory has gone.
 */
export async function watchDirectory(options: DirectoryWatchOptions): Promise<void> {
  const { directory, signal, changed, scanned } = options;
  const watcher = watch(directory, { ignored: (path, stats) => isIgnored(directory, path, stats) });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // it may come when nobody waits for it any more
  watcher.on('error', (error) => {
    const { code, path } = error as NodeJS.ErrnoException; // what is no error of the file system has neither
    const isBelow = path !== undefined && path !== directory && (code === 'EACCES' || code === 'EPERM');
    if (isBelow) options.folderUnreadable(path, code);
    else failed.reject(error);
  });
  const ended = untilAborted(signal);
  let isScan = true;
  const tell = (path: string): void => changed(path, isScan);
  watcher.on('add', tell).on('change', tell).on('unlink', tell);
  try {
    // Not by `once` of node:events, which any error ends, even one of a single folder.
    const ready = new Promise<void>((resolve) => watcher.once('ready', resolve));
    await Promise.race([ready, failed.promise, ended]);
    if (signal.aborted) return;
    isScan = false;
    await scanned();
    await Promise.race([failed.promise, ended]);
  } finally {
    await watcher.close();
  }
}

/** Kubernetes mounts volumes by way of `..data`; editors and tools keep their own things in names that begin with a dot, too. */
function isIgnored(directory: string, path: string, stats: Stats | undefined): boolean {
  const isHidden = relative(directory, path)
    .split(sep)
    .some((name) => name.startsWith('.'));
  if (isHidden) return true;
  const isFolder = stats === undefined || stats.isDirectory() || stats.isSymbolicLink(); // a link may lead to a folder
  return !isFolder && !/\.(ya?ml|json)$/.test(path);
}
