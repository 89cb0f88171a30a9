/** An error of ours: its message is written for the user, so that no stack is needed to understand it. */
export interface CodedError extends Error {
  readonly code: `ERR_${string}`;
}

/** Whether an error is one of ours. Errors of Node.js have codes of the same form, but plain names. */
export function isCoded(error: unknown): error is CodedError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return error.code.startsWith('ERR_') && !PLAIN_NAMES.has(error.name);
}

const PLAIN_NAMES = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError']);
