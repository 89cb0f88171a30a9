/** What the shell gets to see. */
export const exitCodes = {
  ok: 0,
  /** The work was done and there is something to mend in the input, or a component failed. */
  failed: 1,
  /** The command could not begin: wrong usage, or an input that cannot be read. */
  usage: 2,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
