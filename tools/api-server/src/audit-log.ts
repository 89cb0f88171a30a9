import { existsSync, readFileSync } from 'node:fs';
import { recordOf } from './api-object.ts';

/** A request, once it was answered, as the real server has written it down. */
export interface AuditedRequest {
  /** Milliseconds since 1970, when it came in. */
  readonly time: number;
  readonly user: string;
  /** `create`, `update`, `patch`, `delete`, `deletecollection`; of `auditedUser` also `get`, `list` and `watch`. */
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly code: number;
}

/** What the server is to write down, without the content: who changed what, or all that one user asks, reads and ended watches, too. */
export function auditPolicy(user: string | undefined): string {
  const which = user === undefined ? 'verbs: [create, update, patch, delete, deletecollection]' : `users: [${user}]`;
  return `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
  - level: Metadata
    ${which}
  - level: None
`;
}

/** Reads an audit log; a last line that is still being written is left out. */
export function readAuditLog(file: string): readonly AuditedRequest[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => auditedRequest(recordOf(JSON.parse(line))));
}

function auditedRequest(event: Readonly<Record<string, unknown>>): AuditedRequest {
  const target = recordOf(event['objectRef']);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    time: Date.parse(text(event['requestReceivedTimestamp'])),
    user: text(recordOf(event['user'])['username']),
    verb: text(event['verb']),
    group: text(target['apiGroup']),
    resource: text(target['resource']),
    subresource: text(target['subresource']),
    namespace: text(target['namespace']) || undefined,
    name: text(target['name']) || undefined,
    code: Number(recordOf(event['responseStatus'])['code'] ?? 0),
  };
}
