import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { validateEntity } from '@koko/model';
import { parseCase, translatorOf } from './golden-case.ts';

const folder = new URL('../testdata/', import.meta.url);
/** Here KIC makes paths that Kong refuses, and so do we: a regular expression that does not begin with a slash. */
const REFUSED = new Set(['regex-prefixes.in.yaml']);
const files = readdirSync(folder).filter((file) => file.endsWith('.in.yaml') && !REFUSED.has(file));

describe.each(['traditional_compatible', 'expressions'] as const)(
  'entities for the router flavour %s',
  (routerFlavor) => {
    it.each(files)('are such as Kong accepts: %s', (file) => {
      const golden = parseCase(readFileSync(new URL(file, folder), 'utf8'));
      const translator = translatorOf({ ...golden, options: { ...golden.options, routerFlavor } });
      for (const { type, entity } of translator.entities()) {
        expect(validateEntity(type, entity, { routerFlavor })).toMatchObject({ ok: true });
      }
    });
  },
);
