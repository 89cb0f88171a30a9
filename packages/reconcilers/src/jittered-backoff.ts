export interface JitteredBackoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** How long to wait before another attempt: doubles with each failure up to a limit; chance takes up to half of it. */
export function jitteredBackoffMs(
  failures: number,
  { firstMs, longestMs }: JitteredBackoff,
  random: () => number,
): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20));
  return fullMs * (0.5 + random() / 2);
}
