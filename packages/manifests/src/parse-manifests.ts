import type { Problem } from '@koko/model';
import type { KubernetesObject } from '@koko/translator';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';

/** Something wrong with a manifest file, at a place in it. */
export interface ManifestProblem extends Problem {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
}

/** The objects of one file, in its order, and what kept others from being read. */
export interface ParsedManifests {
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly ManifestProblem[];
  /** False when the text is no YAML at all: then `objects` is empty and says nothing about the file's intent. */
  readonly isReadable: boolean;
}

/**
 * Reads Kubernetes objects from YAML (any number of documents, `kind: List` included) or JSON.
 * @param file Only named in problems.
 */
export function parseManifests(text: string, file: string): ParsedManifests {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return { objects: [], problems: [], isReadable: true }; // an empty file
  const broken = documents.flatMap((document) => document.errors);
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  if (broken.length > 0) {
    const problems = broken.map((error) => ({
      ...problem(
        'ERR_MANIFESTS_YAML',
        [],
        `${file}:${lineAt(error.pos[0])}: not valid YAML: ${oneLine(error.message)}`,
      ),
      file,
      line: lineAt(error.pos[0]),
    }));
    return { objects: [], problems, isReadable: false };
  }
  return readDocuments(documents, file, lineAt);
}

function readDocuments(
  documents: readonly Document[],
  file: string,
  lineAt: (offset: number) => number,
): ParsedManifests {
  const objects: KubernetesObject[] = [];
  const problems: ManifestProblem[] = [];
  for (const document of documents) {
    const line = lineAt(document.contents?.range?.[0] ?? 0);
    const refuse = (path: readonly (string | number)[], reason: string): void => {
      problems.push({ ...problem('ERR_MANIFESTS_OBJECT', path, `${file}:${line}: ${reason}`), file, line });
    };
    const content = plainContent(document, refuse);
    if (content === undefined) continue;
    for (const { value, path } of unpackLists(content, refuse)) {
      const object = checkObject(value, path, refuse);
      if (object !== undefined) objects.push(object);
    }
  }
  return { objects, problems, isReadable: true };
}

type Refuse = (path: readonly (string | number)[], reason: string) => void;

function plainContent(document: Document, refuse: Refuse): Record<string, unknown> | undefined {
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // e.g. more aliases than the parser allows, its guard against documents that explode when expanded
    refuse([], `cannot expand the document: ${oneLine((error as Error).message)}`); // yaml throws only Errors
    return undefined;
  }
  if (isMapping(content)) return content;
  const isEmpty = content === null || content === undefined; // only comments between two separators
  if (!isEmpty) refuse([], 'a document must be a Kubernetes object (a mapping with apiVersion, kind and metadata)');
  return undefined;
}

function unpackLists(
  content: Record<string, unknown>,
  refuse: Refuse,
): { value: unknown; path: readonly (string | number)[] }[] {
  const { kind, items } = content;
  const isList = typeof kind === 'string' && kind.endsWith('List') && items !== undefined;
  if (!isList) return [{ value: content, path: [] }];
  if (Array.isArray(items)) return items.map((value, index) => ({ value, path: ['items', index] }));
  refuse(['items'], `items of a ${kind} must be a list`);
  return [];
}

function checkObject(value: unknown, path: readonly (string | number)[], refuse: Refuse): KubernetesObject | undefined {
  if (!isMapping(value)) {
    refuse(path, 'an object must be a mapping with apiVersion, kind and metadata');
    return undefined;
  }
  for (const field of ['apiVersion', 'kind']) {
    if (typeof value[field] !== 'string' || value[field] === '') {
      refuse([...path, field], `${field} is missing or no text; every Kubernetes object needs one`);
      return undefined;
    }
  }
  const { metadata } = value;
  if (!isMapping(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') {
    refuse([...path, 'metadata', 'name'], `a ${String(value['kind'])} without metadata.name; give it a name`);
    return undefined;
  }
  if (metadata['namespace'] !== undefined && typeof metadata['namespace'] !== 'string') {
    refuse(
      [...path, 'metadata', 'namespace'],
      `metadata.namespace of ${String(value['kind'])} "${metadata['name']}" is no text`,
    );
    return undefined;
  }
  return value as unknown as KubernetesObject; // the identity was checked above; readers check the rest
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(code: string, path: readonly (string | number)[], message: string): Problem {
  return { code, path, message };
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
