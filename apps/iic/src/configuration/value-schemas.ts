import { translatedKinds } from '@koko/translator';
import { z } from 'zod';

export const port = z.coerce.number().int().min(0).max(65_535);
export const text = z.string().min(1);
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);
export const seconds = z.coerce.number().positive().max(86_400);

/** `NAME=true,OTHER=false`, or a mapping in a file. */
export const featureGates = z.union([z.record(z.string(), z.boolean()), z.string().transform(readGates)]).default({});

function readGates(gates: string, context: z.RefinementCtx): Record<string, boolean> {
  const pairs = gates.split(',').filter((pair) => pair.trim() !== '');
  const wrong = pairs.filter((pair) => !/^\s*\w+\s*=\s*(true|false)\s*$/.test(pair));
  if (wrong.length > 0) return refuse(context, `write NAME=true or NAME=false, not "${wrong[0]?.trim()}"`);
  const read = pairs.map((pair) => pair.split('=').map((part) => part.trim()));
  return Object.fromEntries(read.map(([name, value]) => [name, value === 'true']));
}

/** `a,b`, or a list in a file. */
export const names = z
  .union([z.array(z.string()), z.string().transform((list) => list.split(','))])
  .transform((list) => list.map((name) => name.trim()).filter((name) => name !== ''))
  .default([]);

const kindNames = translatedKinds.map(({ kind }) => kind);

/** Some of the kinds that translation reads; none named means all. */
export const kinds = names.superRefine((list, context) => {
  const unknown = list.filter((name) => kindNames.every((kind) => kind !== name));
  if (unknown.length > 0) refuse(context, `no such kind: ${unknown.join(', ')}; there are ${kindNames.join(', ')}`);
});

/** `namespace/name` */
export const namespacedName = z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'write NAMESPACE/NAME');

/** `KIND:SELECTOR;KIND:SELECTOR`, or a mapping in a file; selectors hold commas, so kinds are parted by semicolons. */
export const labelSelectors = z
  .union([z.record(z.string(), z.string()), z.string().transform(readSelectors)])
  .default({})
  .superRefine((selectors, context) => {
    const unknown = Object.keys(selectors).filter((name) => kindNames.every((kind) => kind !== name));
    if (unknown.length > 0) refuse(context, `no such kind: ${unknown.join(', ')}; there are ${kindNames.join(', ')}`);
  });

function readSelectors(list: string, context: z.RefinementCtx): Record<string, string> {
  const entries = list.split(';').filter((entry) => entry.trim() !== '');
  const wrong = entries.find((entry) => !/^\s*\w+\s*:\s*\S/.test(entry));
  if (wrong !== undefined) return refuse(context, `write KIND:SELECTOR, not "${wrong.trim()}"`);
  const pairs = entries.map((entry) => {
    const colon = entry.indexOf(':');
    return [entry.slice(0, colon).trim(), entry.slice(colon + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
