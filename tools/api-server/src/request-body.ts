import { StatusError } from './status-error.ts';
import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 3 * 1024 * 1024; // the real server's limit

const PATCH_TYPES = [
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;
export type PatchType = (typeof PATCH_TYPES)[number];

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new StatusError(413, `Request entity too large: limit is ${MAX_BODY_BYTES}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

/** Reads the object of a POST, a PUT or a DELETE; only JSON is understood. */
export function parseBody(request: IncomingMessage, text: string): unknown {
  const type = mediaType(request);
  if (type !== '' && type !== 'application/json' && !(type === 'application/yaml' && isJson(text)))
    throw new StatusError(415, `the body of the request was in an unknown format (${type}): send application/json`);
  return parseJson(text);
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

export function patchTypeOf(request: IncomingMessage): PatchType {
  const type = mediaType(request);
  const known = PATCH_TYPES.find((candidate) => candidate === type);
  if (known === undefined)
    throw new StatusError(
      415,
      `the body of the request was in an unknown format (${type}): send ${PATCH_TYPES.join(', ')}`,
    );
  return known;
}

export function parsePatch(type: PatchType, text: string): unknown {
  if (type === 'application/apply-patch+yaml' && !isJson(text))
    throw new StatusError(415, 'an apply patch has to be written as JSON here');
  return parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StatusError(400, `the body of the request cannot be decoded: ${String(error)}`);
  }
}
