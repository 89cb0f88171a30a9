import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { summarize } from './statistics.ts';
import type { Summary } from './statistics.ts';

/** One measured quantity at one size. */
export interface Figure {
  readonly size: number;
  readonly what: string;
  readonly unit: 'ms' | 'MB' | 'bytes' | 'count';
  readonly values: readonly number[];
}

interface Row extends Summary {
  readonly size: number;
  readonly what: string;
  readonly unit: Figure['unit'];
  /** Mean against the mean at the smallest size. */
  readonly ratio: number | undefined;
}

/** Prints figures as a table, with each mean's ratio to that at the smallest size, and writes them as JSON. */
export async function report(name: string, sizeName: string, figures: readonly Figure[], file: string): Promise<void> {
  const rows = figures.map((figure) => toRow(figure, figures));
  process.stdout.write(table(sizeName, rows));
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    loadAverage: loadavg(), // of 1, 5 and 15 minutes: what besides the benchmark had to be computed
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ benchmark: name, sizeName, machine, rows }, undefined, 2)}\n`);
  process.stdout.write(`\nWrote ${file}\n`);
}

function toRow({ size, what, unit, values }: Figure, all: readonly Figure[]): Row {
  const summary = summarize(values);
  const smallest = Math.min(...all.map((figure) => figure.size));
  const base = all.find((figure) => figure.what === what && figure.size === smallest);
  const baseMean = base === undefined || base.size === size ? 0 : summarize(base.values).mean;
  const ratio = baseMean === 0 ? undefined : summary.mean / baseMean;
  return { size, what, unit, ...summary, ratio };
}

function table(sizeName: string, rows: readonly Row[]): string {
  const header = [sizeName, 'what', 'unit', 'min', 'median', 'mean', 'max', 'runs', 'ratio'];
  const body = rows.map(({ size, what, unit, min, median, mean, max, samples, ratio }) => [
    String(size),
    what,
    unit,
    ...[min, median, mean, max].map(number),
    String(samples),
    ratio === undefined ? '' : `x ${ratio.toFixed(2)}`,
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...body.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ');
  return `${[header, ...body].map(line).join('\n')}\n`;
}

/** Text to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 1 || column === 2 ? cell.padEnd(width) : cell.padStart(width);
}

function number(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
