export type { Problem, Result } from './problem.ts';

export type { EntityInput, EntityOf, EntityType } from './entity-types.ts';
export { entityTypes, isEntityType } from './entity-types.ts';
export { EntityMap } from './entity-map.ts';
export { EntityGroups } from './entity-groups.ts';
export type { Group } from './group.ts';
export { membersOf, withMember, withoutMember } from './group.ts';
export type { Reference } from './filled.ts';
export type {
  KongAcl,
  KongBasicAuthCredential,
  KongCaCertificate,
  KongCertificate,
  KongConsumer,
  KongHmacAuthCredential,
  KongJwtSecret,
  KongKey,
  KongKeyAuthCredential,
  KongKeySet,
  KongOauth2Credential,
  KongPlugin,
  KongRoute,
  KongService,
  KongSni,
  KongTarget,
  KongUpstream,
  KongVault,
} from './entity-aliases.ts';

export type { ReferenceDescription, TypeDescription, UniqueKey } from './describe.ts';
export { describeEntity } from './describe.ts';
export type { Field, Fields } from './field.ts';

export type { RouterFlavor } from './settings.ts';
export type { ValidateOptions } from './validate.ts';
export { validateEntity } from './validate.ts';
export type { EntityProblemCode } from './entity-problem.ts';
export { transformEntity } from './transform.ts';

export type { DeclarativeEntity } from './declarative.ts';
export { toDeclarative } from './declarative.ts';
export type { VersionedEntity } from './for-version.ts';
export { entityForVersion } from './for-version.ts';
export { versionNumber } from './version.ts';

export type { IdKind, PluginScope } from './ids.ts';
export { entityId, pluginKey, uuid5 } from './ids.ts';

export type { DocumentProblem } from './document-entries.ts';
export type { DocumentEntity, ValidatedDocument } from './document.ts';
export { validateDocument } from './document.ts';
