import { describe, expect, it } from '@jest/globals';
import { listOf, parseDockerfile, textOf } from './dockerfile.ts';

const [build, runtime] = parseDockerfile(`# A comment
ARG BASE=node:24
FROM \${BASE} AS build
RUN one && \\
    two

FROM scratch
LABEL a="b" \\
      c="d"
ENTRYPOINT ["/node", "x.mjs"]
`);

describe('parseDockerfile', () => {
  it('splits stages, fills in arguments and joins lines', () => {
    expect(build).toEqual({ image: 'node:24', name: 'build', instructions: [{ name: 'RUN', text: 'one && two' }] });
    expect(runtime?.instructions.map(({ name }) => name)).toEqual(['LABEL', 'ENTRYPOINT']);
  });

  it('finds the only instruction of a name, and says so when there is none', () => {
    if (runtime === undefined) throw new Error('There should be two stages');
    expect(listOf(runtime, 'ENTRYPOINT')).toEqual(['/node', 'x.mjs']);
    expect(() => textOf(runtime, 'USER')).toThrow('should have one USER');
  });
});
