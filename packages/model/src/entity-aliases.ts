import type { EntityOf } from './entity-types.ts';

/** A valid service of Kong, filled. */
export type KongService = EntityOf<'services'>;
/** A valid route, filled. */
export type KongRoute = EntityOf<'routes'>;
/** A valid upstream, filled. */
export type KongUpstream = EntityOf<'upstreams'>;
/** A valid target, filled. */
export type KongTarget = EntityOf<'targets'>;
/** A valid plugin, filled; its `config` is any object. */
export type KongPlugin = EntityOf<'plugins'>;
/** A valid consumer, filled. */
export type KongConsumer = EntityOf<'consumers'>;
/** A valid certificate, filled. */
export type KongCertificate = EntityOf<'certificates'>;
/** A valid CA certificate, filled. */
export type KongCaCertificate = EntityOf<'ca_certificates'>;
/** A valid server name, filled. */
export type KongSni = EntityOf<'snis'>;
/** A valid key, filled. */
export type KongKey = EntityOf<'keys'>;
/** A valid key set, filled. */
export type KongKeySet = EntityOf<'key_sets'>;
/** A valid vault, filled. */
export type KongVault = EntityOf<'vaults'>;
/** A valid key-auth credential, filled. */
export type KongKeyAuthCredential = EntityOf<'keyauth_credentials'>;
/** A valid basic-auth credential, filled. */
export type KongBasicAuthCredential = EntityOf<'basicauth_credentials'>;
/** A valid hmac-auth credential, filled. */
export type KongHmacAuthCredential = EntityOf<'hmacauth_credentials'>;
/** A valid JWT secret, filled. */
export type KongJwtSecret = EntityOf<'jwt_secrets'>;
/** A valid membership in an ACL group, filled. */
export type KongAcl = EntityOf<'acls'>;
/** A valid OAuth 2.0 application, filled. */
export type KongOauth2Credential = EntityOf<'oauth2_credentials'>;
