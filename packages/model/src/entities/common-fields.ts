import type { Fields } from '../field.ts';

/** Fields that many types share; spread into their descriptions. */
export const id = { kind: 'string', auto: 'uuid', checks: ['uuid'] } as const;
export const name = { kind: 'string', unique: true, checks: ['utf8Name'] } as const;
export const createdAt = { kind: 'timestamp' } as const;
export const updatedAt = { kind: 'timestamp', onWrite: true } as const;
/** On most types this came later than the type itself. */
export const updatedAtSince33 = { ...updatedAt, since: '3.3' } as const;
export const tags = { kind: 'set', items: { kind: 'string', checks: ['tag'] } } as const;
export const port = { kind: 'integer', min: 0, max: 65535 } as const;
export const consumer = { kind: 'reference', to: 'consumers', onDelete: 'cascade', required: true } as const;

export const protocols = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp'] as const;
export const protocolsSince = { tls_passthrough: '2.7' } as const;

/** What every consumer credential has. */
export const credential = { id, created_at: createdAt, consumer, tags } as const satisfies Fields;
