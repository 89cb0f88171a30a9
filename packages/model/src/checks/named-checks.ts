import type { Settings } from '../settings.ts';
import {
  checkHost,
  checkHostOptPort,
  checkIp,
  checkIpOrCidr,
  checkRouteHost,
  checkRouteWildcard,
  checkSni,
  checkTarget,
  checkUpstreamName,
  checkWildcardHost,
} from './host-checks.ts';
import type { Check } from './host-checks.ts';
import {
  checkNoEmptySegments,
  checkRoutePath,
  checkRoutePathBefore30,
  checkRoutePathBefore31,
  checkRoutePathStart,
  checkStartsWithSlash,
  checkUrlPath,
} from './path-checks.ts';
import { checkPemCertificate, checkPemKey } from './pem.ts';
import {
  checkCookieName,
  checkEnvironmentPrefix,
  checkHeaderName,
  checkHttpMethod,
  checkNodeVersion,
  checkNotHostHeader,
  checkPluginName,
  checkRedirectUri,
  checkTag,
  checkTagBefore30,
  checkUtf8Name,
  checkUuid,
  checkVaultPrefix,
} from './text-checks.ts';

const checks = {
  cookieName: checkCookieName,
  environmentPrefix: checkEnvironmentPrefix,
  headerName: checkHeaderName,
  host: checkHost,
  hostOptPort: checkHostOptPort,
  httpMethod: checkHttpMethod,
  ip: checkIp,
  ipOrCidr: checkIpOrCidr,
  noEmptySegments: checkNoEmptySegments,
  nodeVersion: checkNodeVersion,
  notHostHeader: checkNotHostHeader,
  pemCertificate: checkPemCertificate,
  pemKey: checkPemKey,
  pluginName: checkPluginName,
  redirectUri: checkRedirectUri,
  routeHost: checkRouteHost,
  routePath: checkRoutePath,
  routePathStart: checkRoutePathStart,
  routeSni: checkWildcardHost,
  routeWildcard: checkRouteWildcard,
  sni: checkSni,
  startsWithSlash: checkStartsWithSlash,
  tag: checkTag,
  target: checkTarget,
  upstreamName: checkUpstreamName,
  urlPath: checkUrlPath,
  utf8Name: checkUtf8Name,
  uuid: checkUuid,
  vaultPrefix: checkVaultPrefix,
  wildcardHost: checkWildcardHost,
} as const satisfies Record<string, Check>;

/** A check over one text, by the name that descriptions use. */
export type CheckName = keyof typeof checks;

/** The function behind a name, for a version and router flavour. */
export function checkNamed(name: CheckName, settings: Settings): Check {
  if (name === 'tag' && !settings.atLeast('3.0')) return checkTagBefore30;
  if (name === 'routePath' && !settings.atLeast('3.0')) return checkRoutePathBefore30;
  if (name === 'routePath' && !settings.atLeast('3.1')) return checkRoutePathBefore31;
  if (name === 'routePathStart' && !settings.atLeast('3.0')) return checkStartsWithSlash;
  const noWildcards = settings.flavor === 'traditional' || !settings.atLeast('3.7');
  return name === 'routeSni' && noWildcards ? checkSni : checks[name];
}
