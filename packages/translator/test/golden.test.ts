import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCase, renderCase, translatorOf } from './golden-case.ts';
import { withoutMatch } from './golden-comparison.ts';
import { expectSameStateInAnyOrder } from './random-history.ts';

const ownFolder = new URL('../testdata/', import.meta.url);

const ownCases = readdirSync(ownFolder).flatMap((file) =>
  file.endsWith('.in.yaml') ? [file.slice(0, -'.in.yaml'.length)] : [],
);

function ownText(name: string): string {
  return readFileSync(new URL(name, ownFolder), 'utf8');
}

describe.each(ownCases)('golden case %s', (name) => {
  const golden = parseCase(ownText(`${name}.in.yaml`));

  it('translates to the expected file', () => {
    expect(renderCase(golden)).toBe(ownText(`${name}.out.yaml`));
  });

  it('differs between router flavours in nothing but what routes match', () => {
    const expressions = translatorOf({ ...golden, options: { ...golden.options, routerFlavor: 'expressions' } });
    expect(withoutMatch(expressions.entities())).toEqual(withoutMatch(translatorOf(golden).entities()));
    expect([...expressions.problems()]).toEqual([...translatorOf(golden).problems()]);
  });

  it('ends in equal bytes whatever the order of events', () => {
    expectSameStateInAnyOrder(golden);
  });
});
