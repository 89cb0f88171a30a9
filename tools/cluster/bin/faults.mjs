#!/usr/bin/env node
import '../../jest/require-node.mjs';

// Imported late: an older Node.js lacks it, and would fail here before the line above could say why.
const { registerHooks } = await import('node:module');
// `npm run faults` runs this file without flags, so that arguments after `--` reach the program; the condition is added here.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, { ...context, conditions: ['@koko/source', ...context.conditions] }),
});
await import('../src/faults/main.ts');
