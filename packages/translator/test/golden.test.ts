import { describe, expect, it } from '@jest/globals';
import { ownGoldenCases, ownText, renderCase, translatorOf } from './golden-case.ts';
import { withoutMatch } from './golden-comparison.ts';
import { expectSameStateInAnyOrder } from './random-history.ts';

describe.each(ownGoldenCases())('golden case $name', ({ name, golden }) => {
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
