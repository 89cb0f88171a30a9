import { InvalidArgumentError } from 'commander';

/** Reads `5000,10000`. */
export function sizes(text: string): readonly number[] {
  return text.split(',').map(positive);
}

/** Reads a whole number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value <= 0) throw new InvalidArgumentError('give whole numbers above 0');
  return value;
}
