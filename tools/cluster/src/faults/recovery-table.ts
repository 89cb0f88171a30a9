import type { FaultCase } from './fault-cases.ts';

/** How long it took from a change until it was served although a fault struck, in milliseconds. */
export interface Recovery {
  readonly target: string;
  readonly fault: string;
  readonly runs: number;
  readonly meanMs: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

export function recoveryOf({ target, name }: FaultCase, timesMs: readonly number[]): Recovery {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    target,
    fault: name,
    runs: sorted.length,
    meanMs: round(sorted.reduce((sum, time) => sum + time, 0) / Math.max(1, sorted.length)),
    medianMs: round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    longestMs: round(sorted.at(-1) ?? 0),
  };
}

/** The table as text, with one line for each fault. */
export function recoveryTable(recoveries: readonly Recovery[]): string {
  const head = ['target', 'fault', 'runs', 'mean ms', 'median ms', 'longest ms'];
  const rows = recoveries.map(({ target, fault, runs, meanMs, medianMs, longestMs }) =>
    [target, fault, runs, meanMs.toFixed(1), medianMs.toFixed(1), longestMs.toFixed(1)].map(String),
  );
  const widths = head.map((_title, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return [line(head), ...rows.map(line)].join('\n');
}
