import { hash } from 'node:crypto';
import type { EntityType } from './entity-types.ts';

const root = 'fd02801f-0957-4a15-a55a-c8d9606f30b5';

/** What ids are derived for: every entity type, and consumer groups, which exist outside open source Kong only. */
export type IdKind = EntityType | 'consumer_groups';

const namespaces = new Map<IdKind, string>();

/**
 * A UUID of version 5: the same namespace and name always give the same one.
 * @param namespace A UUID.
 * @see RFC 9562, section 5.5
 */
export function uuid5(namespace: string, name: string): string {
  // One call and one flat string: ids are made by the ten thousands, and hash objects or pieces of text would pile up.
  const input = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]);
  const bytes = hash('sha1', input, 'buffer');
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  for (const [at, from, to] of uuidGroups) uuidText.write(bytes.toString('hex', from, to), at, 'latin1');
  return uuidText.toString('latin1');
}

const uuidText = Buffer.from('00000000-0000-0000-0000-000000000000');
/** Where in the text the bytes of each group stand. */
const uuidGroups = [
  [0, 0, 4],
  [9, 4, 6],
  [14, 6, 8],
  [19, 8, 10],
  [24, 10, 16],
] as const;

/**
 * The id of an entity, derived from what it is called. Services, routes, consumers, consumer groups, vaults and plugins
 * get the ids that go-kong gives them (`kong/ids.go`), so that both may manage the same gateway; other kinds follow the
 * same scheme.
 * @param key Service, route or upstream name, username, vault prefix, `pluginKey(...)`, SNI name; of a target
 *   `upstreamName:target`.
 * @param workspace Empty for the default one.
 */
export function entityId(kind: IdKind, key: string, workspace = ''): string {
  return uuid5(namespaceOf(kind), workspace === '' ? key : `${workspace}/${key}`);
}

/** What a plugin is applied to, by the names of services, routes, consumers (or their `custom_id`) and groups. */
export interface PluginScope {
  readonly service?: string | undefined;
  readonly route?: string | undefined;
  readonly consumer?: string | undefined;
  readonly consumerGroup?: string | undefined;
}

/** The key of a plugin for `entityId`: its name and what it is applied to. Its configuration does not count. */
export function pluginKey(name: string, scope: PluginScope = {}): string {
  const parts = [
    ['service', scope.service],
    ['route', scope.route],
    ['consumer', scope.consumer],
    ['consumer_group', scope.consumerGroup],
  ];
  return parts.reduce((key, [kind, related]) => (related === undefined ? key : `${key}:${kind}/${related}`), name);
}

function namespaceOf(kind: IdKind): string {
  const before = namespaces.get(kind);
  if (before !== undefined) return before;
  // go-kong writes this one without the underscore.
  const namespace = uuid5(root, kind === 'consumer_groups' ? 'consumergroups' : kind);
  namespaces.set(kind, namespace);
  return namespace;
}
