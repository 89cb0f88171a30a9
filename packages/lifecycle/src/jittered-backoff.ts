/** How waits between attempts grow. */
export interface JitteredBackoff {
  readonly firstMs: number;
  readonly longestMs: number;
  /** At least 0, less than 1, such as `Math.random`. */
  readonly random: () => number;
}

/** How long to wait before another attempt: doubles with each failure, up to a limit, of which chance takes up to half. */
export function jitteredBackoffMs(failures: number, { firstMs, longestMs, random }: JitteredBackoff): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20));
  return fullMs * (0.5 + random() / 2);
}
