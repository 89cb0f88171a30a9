export type {
  Entry,
  ListOptions,
  Mutation,
  Page,
  Persister,
  ReadTransaction,
  TransactionOptions,
  WriteTransaction,
} from './persister.ts';
export { PersisterError } from './persister-error.ts';
export type { PersisterErrorCode } from './persister-error.ts';
export { MemoryPersister } from './memory-persister.ts';
export type { MemoryPersisterOptions } from './memory-persister.ts';
export { SqlitePersister } from './sqlite-persister.ts';
export type { SqlitePersisterOptions } from './sqlite-persister.ts';
