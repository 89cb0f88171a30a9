import { reportAt } from '../entity-problem.ts';
import { isPlainObject } from '../value.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { refuse } from './compiled-rule.ts';

/** Filters exist only where their names are given; without any names wasm is off, as on a fresh node. */
export const wasmFilters: CompiledRule = (candidate) => {
  const { context, entity } = candidate;
  const installed = context.wasmFilters ?? [];
  const filters: readonly unknown[] = Array.isArray(entity['filters']) ? entity['filters'] : [];
  filters.forEach((filter, index) => {
    if (!isPlainObject(filter)) return;
    const { name, config } = filter;
    if (typeof name === 'string' && !installed.includes(name))
      reportAt(context, ['filters', index, 'name'], 'ERR_FIELD_VALUE', 'no such filter');
    if (config !== null && config !== undefined && typeof config !== 'string')
      reportAt(context, ['filters', index, 'config'], 'ERR_FIELD_TYPE', 'expected a string or null');
  });
  if (context.wasmFilters === undefined) refuse(candidate, 'wasm support is not enabled');
};
