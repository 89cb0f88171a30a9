import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments, stringify } from 'yaml';
import { declarativeDocument, referenceOf, Translator } from '../src/index.ts';
import type { KubernetesObject, ObjectProblem, TranslatorOptions } from '../src/index.ts';
import { blamedName, isRecord } from './golden-comparison.ts';

/** A golden case: options, if the first document is a mapping `options`, and objects. */
export interface GoldenCase {
  readonly options: TranslatorOptions;
  readonly objects: readonly KubernetesObject[];
}

export function parseCase(text: string): GoldenCase {
  const documents = parseAllDocuments(text).map((document): unknown => document.toJS());
  const options = documents.filter(isRecord).find((document) => 'options' in document)?.['options'];
  // Test data of our own; what is malformed in it is so on purpose.
  const objects = documents.filter((document) => isRecord(document) && 'kind' in document) as KubernetesObject[];
  return { options: isRecord(options) ? options : {}, objects };
}

/** The golden cases of this package. */
export function ownGoldenCases(): readonly { readonly name: string; readonly golden: GoldenCase }[] {
  return readdirSync(ownFolder).flatMap((file) => {
    if (!file.endsWith('.in.yaml')) return [];
    return [{ name: file.slice(0, -'.in.yaml'.length), golden: parseCase(ownText(file)) }];
  });
}

const ownFolder = new URL('../testdata/', import.meta.url);

export function ownText(name: string): string {
  return readFileSync(new URL(name, ownFolder), 'utf8');
}

export function translatorOf({ options, objects }: GoldenCase): Translator {
  const translator = new Translator(options);
  translator.apply(objects.map((object) => ({ reference: referenceOf(object), object })));
  return translator;
}

/** The expected file: the document of the traditional flavour, what differs with expressions, and the problems. */
export function renderCase(golden: GoldenCase): string {
  const traditional = translatorOf(golden);
  const expressions = translatorOf({ ...golden, options: { ...golden.options, routerFlavor: 'expressions' } });
  return stringify(
    {
      document: declarativeDocument(traditional.entities()),
      expressions: Object.fromEntries(
        [...expressions.entities()].flatMap(({ type, entity }) =>
          type === 'routes'
            ? [[entity['name'], { expression: entity['expression'], priority: entity['priority'] }]]
            : [],
        ),
      ),
      problems: [...traditional.problems()].map(renderProblem),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function renderProblem({ code, path, message, objects }: ObjectProblem): object {
  return { code, objects: objects.map(blamedName), path: path.join('.'), message };
}
