import type { Problem } from '@koko/model';
import type { KubernetesObject } from '@koko/translator';
import { isNode, LineCounter, parseAllDocuments } from 'yaml';
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
  /** Where each of the objects begins; counts from 1. */
  readonly lines: readonly number[];
  readonly problems: readonly ManifestProblem[];
  /** False when the text is no YAML at all: then `objects` is empty and says nothing about the file's intent. */
  readonly isReadable: boolean;
}

/** After the first mistake in the syntax, most others follow from it. */
const MAX_SYNTAX_PROBLEMS = 5;
const MAX_PROBLEMS = 100;
/** How deep lists may stand in lists. */
const MAX_LIST_DEPTH = 8;

/**
 * Reads Kubernetes objects from YAML (any number of documents, `kind: List` included) or JSON.
 * @param file Only named in problems.
 */
export function parseManifests(text: string, file: string): ParsedManifests {
  const lines = new LineCounter();
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const unreadable = (problems: readonly ManifestProblem[]): ParsedManifests => ({
    objects: [],
    lines: [],
    problems,
    isReadable: false,
  });
  let documents;
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent' });
  } catch (error) {
    return unreadable([syntaxProblem(file, 1, (error as Error).message)]); // e.g. nested too deep; it throws only Errors
  }
  if (!Array.isArray(documents)) return { objects: [], lines: [], problems: [], isReadable: true }; // an empty file
  const broken = documents.flatMap(({ errors }) => errors);
  if (broken.length === 0) return readDocuments(documents, file, lineAt);
  const shown = broken.slice(0, MAX_SYNTAX_PROBLEMS);
  return unreadable(shown.map(({ pos, message }) => syntaxProblem(file, lineAt(pos[0]), message)));
}

/** The text of a file, or the first line of it that is not UTF-8. */
export function decodeManifest(bytes: Uint8Array): string | { readonly invalidLine: number } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { invalidLine: firstInvalidLine(bytes) };
  }
}

function firstInvalidLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let line = 1, start = 0; ; line += 1) {
    const end = bytes.indexOf(0x0a, start); // never part of another character
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}

function syntaxProblem(file: string, line: number, reason: string): ManifestProblem {
  const message = `${file}:${line}: not valid YAML: ${oneLine(reason)}`;
  return { code: 'ERR_MANIFESTS_YAML', path: [], message, file, line };
}

function readDocuments(
  documents: readonly Document[],
  file: string,
  lineAt: (offset: number) => number,
): ParsedManifests {
  const objects: KubernetesObject[] = [];
  const lines: number[] = [];
  const problems: ManifestProblem[] = [];
  for (const document of documents) {
    const lineOf = (path: readonly (string | number)[]): number => lineAt(offsetOf(document, path));
    const refuse: Refuse = (path, reason) => {
      if (problems.length >= MAX_PROBLEMS) return;
      const line = lineOf(path);
      problems.push({ code: 'ERR_MANIFESTS_OBJECT', path, message: `${file}:${line}: ${reason}`, file, line });
    };
    const content = plainContent(document, refuse);
    if (content === undefined) continue;
    for (const { value, path } of unpackLists(content, [], refuse)) {
      const object = checkObject(value, path, refuse);
      if (object === undefined) continue;
      objects.push(object);
      lines.push(lineOf(path));
    }
  }
  return { objects, lines, problems, isReadable: true };
}

/** Where the value at a path stands, or else what is nearest around it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

interface ListItem {
  readonly value: unknown;
  readonly path: readonly (string | number)[];
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

function unpackLists(value: unknown, path: readonly (string | number)[], refuse: Refuse): readonly ListItem[] {
  if (!isMapping(value)) return [{ value, path }];
  const { kind, items } = value;
  const isList = typeof kind === 'string' && (kind === 'List' || (kind.endsWith('List') && items !== undefined));
  if (!isList) return [{ value, path }];
  if (!Array.isArray(items)) refuse([...path, 'items'], `items of a ${kind} must be a list`);
  else if (path.length >= 2 * MAX_LIST_DEPTH) refuse(path, `more than ${MAX_LIST_DEPTH} lists stand in each other`);
  else return items.flatMap((item, index) => unpackLists(item, [...path, 'items', index], refuse));
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

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
