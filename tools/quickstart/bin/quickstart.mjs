#!/usr/bin/env node
import '../../jest/require-node.mjs';
import { registerHooks } from 'node:module';

// `npm start` runs this file without flags, so that arguments after `--` reach the program; the condition is added here.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, { ...context, conditions: ['@koko/source', ...context.conditions] }),
});
await import('../src/main.ts');
