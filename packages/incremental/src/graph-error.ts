export type GraphErrorCode =
  | 'ERR_GRAPH_BUSY'
  | 'ERR_GRAPH_CYCLE'
  | 'ERR_GRAPH_INDEX_FAILED'
  | 'ERR_GRAPH_INDEX_UNKNOWN'
  | 'ERR_GRAPH_NAME_TAKEN'
  | 'ERR_GRAPH_QUERY_FAILED'
  | 'ERR_GRAPH_READ_OUTSIDE'
  | 'ERR_GRAPH_TOO_DEEP';

/** Thrown by `Graph`, and by the reads of a query. Branch on `code`; `message` is for people and may change. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly code: GraphErrorCode;

  constructor(code: GraphErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a thrown value says, for use inside another message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
