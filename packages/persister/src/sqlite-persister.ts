import type { Database, SqlJsStatic } from 'sql.js';
import { EnginePersister } from './engine-persister.ts';
import type { Engine } from './engine.ts';
import { PersisterError } from './persister-error.ts';
import type { TransactionOptions, WriteTransaction } from './persister.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { numberOf, SqliteEngine } from './sqlite-engine.ts';
import { loadSqlite } from './sqlite-wasm.ts';

/** Settings of a `SqlitePersister`; all may be left out. */
export interface SqlitePersisterOptions {
  /** Where the content outlives the process: loaded by `open`, written by `save` and `close`. Absent: nowhere. */
  readonly snapshotFile?: string;
  /** The content of sql.js's `sql-wasm.wasm`, for a program bundled without that file. */
  readonly wasmBinary?: Uint8Array;
  /** Writes that would let the database grow beyond this are refused. Default: 512 MiB; keep it well below 1 GiB. */
  readonly sizeLimitBytes?: number;
  /** When the database grows beyond this, `onSizeAlert` is called, once. Default: half of the limit. */
  readonly sizeAlertBytes?: number;
  readonly onSizeAlert?: (sizeBytes: number) => void;
}

const DEFAULT_SIZE_LIMIT = 512 * 1024 * 1024;
const APPLICATION_ID = 0x4b6f6b6f; // "Koko"
const FORMAT_VERSION = 1;

/** SQLite in memory (sql.js): the embedded default. With a snapshot file it is saved as a whole, never in part. */
export class SqlitePersister extends EnginePersister {
  readonly #options: SqlitePersisterOptions;
  readonly #snapshotFile: SnapshotFile | undefined;
  #engine: SqliteEngine | undefined;
  #savings: Promise<void> = Promise.resolve();
  #hasUnsaved = false;
  #isAlerted = false;

  constructor(options: SqlitePersisterOptions = {}) {
    super();
    this.#options = options;
    this.#snapshotFile = options.snapshotFile === undefined ? undefined : new SnapshotFile(options.snapshotFile);
  }

  /** What the database takes in memory, free pages included; 0 while it is not open. */
  get sizeBytes(): number {
    return this.#engine?.sizeBytes ?? 0;
  }

  override async write<T>(
    work: (transaction: WriteTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    return await super.write(async (transaction) => {
      transaction.onCommitted(() => this.#committed());
      return await work(transaction);
    }, options);
  }

  /**
   * Writes the snapshot file: to a temporary file beside it, synced, then renamed. Does nothing when there is nothing new
   * or no snapshot file is set. Copying the database blocks for about 1.3 ms per MB: not for every change.
   */
  async save(): Promise<void> {
    const content = await this.read(async () => this.#unsaved());
    await this.#store(content);
  }

  protected override async openEngine(): Promise<Engine> {
    const { snapshotFile, wasmBinary, sizeLimitBytes = DEFAULT_SIZE_LIMIT } = this.#options;
    const sqlite = await loadSqlite(wasmBinary);
    const content = await this.#snapshotFile?.read();
    const database = content === undefined ? createDatabase(sqlite) : loadDatabase(sqlite, content, snapshotFile ?? '');
    this.#engine = new SqliteEngine(database, sizeLimitBytes, snapshotFile === undefined ? 'attached' : 'main');
    this.#hasUnsaved = content === undefined;
    return this.#engine;
  }

  protected override async beforeClose(): Promise<void> {
    this.#isAlerted = false;
    try {
      await this.#store(this.#unsaved());
    } finally {
      this.#engine = undefined;
    }
  }

  /** The content to save, if any; from here on it counts as saved. */
  #unsaved(): Uint8Array | undefined {
    if (this.#options.snapshotFile === undefined || !this.#hasUnsaved) return undefined;
    this.#hasUnsaved = false;
    return this.#engine?.export();
  }

  /** One at a time and in order, so that an older content never replaces a newer one. */
  async #store(content: Uint8Array | undefined): Promise<void> {
    const before = this.#savings;
    const saving = (async () => {
      await before.catch(() => {}); // reported to whoever asked for that one
      if (content !== undefined) await this.#snapshotFile?.write(content);
    })();
    this.#savings = saving.catch(() => {
      this.#hasUnsaved = true;
    });
    await saving;
  }

  #committed(): void {
    this.#hasUnsaved = true;
    const { onSizeAlert, sizeLimitBytes = DEFAULT_SIZE_LIMIT, sizeAlertBytes = sizeLimitBytes / 2 } = this.#options;
    if (onSizeAlert === undefined || this.#isAlerted) return;
    const { sizeBytes } = this;
    if (sizeBytes <= sizeAlertBytes) return;
    this.#isAlerted = true;
    onSizeAlert(sizeBytes);
  }
}

function createDatabase(sqlite: SqlJsStatic): Database {
  const database = new sqlite.Database();
  database.run(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}`);
  return database;
}

function loadDatabase(sqlite: SqlJsStatic, content: Uint8Array, file: string): Database {
  if (content.byteLength === 0) throw damaged(file, 'it is empty');
  const database = new sqlite.Database(content);
  try {
    assertIntact(database, file);
    assertOurs(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function assertIntact(database: Database, file: string): void {
  const finding = findDamage(database);
  if (finding !== undefined) throw damaged(file, finding);
}

function damaged(file: string, finding: string): PersisterError {
  return new PersisterError(
    'ERR_PERSISTER_SNAPSHOT_CORRUPT',
    `Cannot load the snapshot file ${JSON.stringify(file)}: it is damaged (${finding}); restore or remove it`,
  );
}

function findDamage(database: Database): string | undefined {
  try {
    const finding = String(database.exec('PRAGMA integrity_check(1)')[0]?.values[0]?.[0]);
    return finding === 'ok' ? undefined : finding;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function assertOurs(database: Database, file: string): void {
  const application = numberOf(database, 'PRAGMA application_id');
  const version = numberOf(database, 'PRAGMA user_version');
  if (application === APPLICATION_ID && version === FORMAT_VERSION) return;
  const reason = application === APPLICATION_ID ? `its format is ${version}, not ${FORMAT_VERSION}` : 'it is not ours';
  throw new PersisterError(
    'ERR_PERSISTER_SNAPSHOT_FOREIGN',
    `Cannot load the snapshot file ${JSON.stringify(file)}: ${reason}; name another file`,
  );
}
