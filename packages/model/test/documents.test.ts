import { describe, expect, it } from '@jest/globals';
import { validateDocument } from '../src/index.ts';
import type { DocumentProblem } from '../src/index.ts';
import { dotted, errorPaths, readLines, sharedPath } from './shared.ts';
import type { NestedErrors } from './shared.ts';

interface Line {
  readonly id: string;
  readonly document: unknown;
  readonly verdict: 'accepted' | 'refused' | 'crashed';
  readonly errors?: NestedErrors;
}

/** Lines that only the configuration schema of a plugin, or the list of installed plugins, decides. */
const needsPluginSchemas = /\/(?:plugin-config-bad|plugin-unknown|five-kinds)$/;

/**
 * Where we refuse what a Kong without a database accepts, by rule (rows in the README): combinations that a database
 * keeps unique, a CA certificate twice, and CA certificates that do not exist.
 */
function isStricter({ verdict }: Line, problems: readonly DocumentProblem[]): boolean {
  const isDatabaseRule = ({ code, path }: DocumentProblem): boolean =>
    (code === 'ERR_UNIQUE_VIOLATION' && (typeof path.at(-1) === 'number' || path.at(-1) === 'cert_digest')) ||
    (code === 'ERR_REFERENCE_MISSING' && path.includes('ca_certificates'));
  return verdict === 'accepted' && problems.every(isDatabaseRule);
}

const file = sharedPath('verdicts/documents.jsonl');
const lines =
  file === undefined ? [] : (readLines(file) as readonly Line[]).filter(({ id }) => !needsPluginSchemas.test(id));
const whenRecorded = file === undefined ? describe.skip : describe;
if (file === undefined) process.emitWarning('No recorded documents beside the repository: they are not compared');

/** Kong names references and duplicates in other ways, and only once nothing else is wrong. */
const laterFindings = new Set(['ERR_REFERENCE_MISSING', 'ERR_UNIQUE_VIOLATION']);

whenRecorded('whole documents as Kong 3.9.3 sees them', () => {
  it('are accepted and refused alike', () => {
    const differing = lines.filter((line) => {
      const { problems } = validateDocument(line.document, { version: '3.9.3' });
      const isAccepted = problems.length === 0;
      return isAccepted !== (line.verdict === 'accepted') && !isStricter(line, problems);
    });
    expect(differing.map(({ id }) => id)).toEqual([]);
    expect(lines.length).toBeGreaterThan(100);
  });

  it('have the same fields refused', () => {
    const differing = lines.flatMap(({ id, document, verdict, errors }) => {
      const { problems } = validateDocument(document, { version: '3.9.3' });
      if (verdict !== 'refused' || problems.length === 0) return [];
      const own = problems.filter(({ code }) => !laterFindings.has(code));
      if (own.length === 0 || JSON.stringify(errors).includes('missing primary key')) return [];
      const ours = [...new Set(own.map(({ path }) => dotted(path)))].toSorted().join(' ');
      const theirs = errorPaths(errors).join(' ');
      return ours === theirs ? [] : [`${id}: ${ours} instead of ${theirs}`];
    });
    expect(differing).toEqual([]);
  });
});
