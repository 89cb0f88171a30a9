import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import initSqlJs from 'sql.js';
import type { SqlJsStatic } from 'sql.js';
import { PersisterError } from './persister-error.ts';

const FILE_NAME = 'sql-wasm.wasm';

/**
 * Loads SQLite. Every persister of a process shares the first one loaded: sql.js keeps it for good.
 * @param wasmBinary The content of `sql-wasm.wasm`; absent, it is looked for beside this module, as a bundle has it, and
 * then in the package `sql.js`.
 */
export async function loadSqlite(wasmBinary: Uint8Array | undefined): Promise<SqlJsStatic> {
  const binary = wasmBinary ?? (await readWasm());
  // Emscripten wants the bytes alone, and a Buffer may be a part of a shared block.
  const bytes = binary.buffer.slice(binary.byteOffset, binary.byteOffset + binary.byteLength);
  return await initSqlJs({ wasmBinary: bytes as ArrayBuffer }); // no caller passes shared memory
}

async function readWasm(): Promise<Uint8Array> {
  const failures: unknown[] = [];
  for (const locate of [besideThisModule, inPackage]) {
    try {
      return await readFile(locate());
    } catch (error) {
      failures.push(error);
    }
  }
  throw new PersisterError(
    'ERR_PERSISTER_WASM_MISSING',
    `Cannot load SQLite: ${FILE_NAME} is neither beside the program nor in the package sql.js`,
    { cause: new AggregateError(failures) },
  );
}

const besideThisModule = (): URL => new URL(FILE_NAME, import.meta.url);
const inPackage = (): string => createRequire(import.meta.url).resolve(`sql.js/dist/${FILE_NAME}`);
