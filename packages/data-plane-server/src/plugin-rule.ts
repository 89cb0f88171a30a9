/** Collections that a data plane knows only while the plugin is enabled there. */
const collectionPlugins: Readonly<Record<string, string>> = {
  acls: 'acl',
  acme_storage: 'acme',
  basicauth_credentials: 'basic-auth',
  hmacauth_credentials: 'hmac-auth',
  jwt_secrets: 'jwt',
  keyauth_credentials: 'key-auth',
  oauth2_credentials: 'oauth2',
  oauth2_tokens: 'oauth2',
};

/** Plugins that the configuration uses and the data plane lacks; one of them would make it refuse everything. */
export const missingPlugins = (used: readonly string[], enabled: ReadonlySet<string>): readonly string[] =>
  used.filter((name) => !enabled.has(name)).sort();

/** Collections in use that the data plane does not know because their plugin is not enabled there. */
export const unknownCollections = (
  counts: Readonly<Record<string, number>>,
  enabled: ReadonlySet<string>,
): readonly string[] =>
  Object.keys(counts)
    .filter((type) => {
      const plugin = collectionPlugins[type];
      return plugin !== undefined && !enabled.has(plugin);
    })
    .sort();
