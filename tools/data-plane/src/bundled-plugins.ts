import { traitsOf } from './version-traits.ts';

/** A plugin as a data plane reports it. */
export interface ReportedPlugin {
  readonly name: string;
  readonly version: string;
}

/** Versions that 2.8 reports; from 3.0 on plugins carry the gateway's version, with the exception below. */
const SINCE_2: Readonly<Record<string, string>> = {
  acl: '3.0.1',
  acme: '0.4.0',
  'aws-lambda': '3.6.3',
  'azure-functions': '1.0.1',
  'basic-auth': '2.2.0',
  'bot-detection': '2.0.0',
  'correlation-id': '2.0.2',
  cors: '2.1.1',
  datadog: '3.1.1',
  'file-log': '2.1.0',
  'grpc-gateway': '0.2.0',
  'grpc-web': '0.3.0',
  'hmac-auth': '2.4.0',
  'http-log': '2.1.1',
  'ip-restriction': '2.0.0',
  jwt: '2.2.0',
  'key-auth': '2.4.0',
  'ldap-auth': '2.2.0',
  loggly: '2.1.0',
  oauth2: '2.1.2',
  'post-function': '2.1.0',
  'pre-function': '2.1.0',
  prometheus: '1.6.0',
  'proxy-cache': '1.3.2',
  'rate-limiting': '2.4.0',
  'request-size-limiting': '2.0.0',
  'request-termination': '2.1.0',
  'request-transformer': '1.3.3',
  'response-ratelimiting': '2.1.0',
  'response-transformer': '2.0.2',
  session: '2.4.5',
  statsd: '2.0.1',
  syslog: '2.2.0',
  'tcp-log': '2.1.0',
  'udp-log': '2.1.0',
  zipkin: '1.5.0',
};

/** Plugins by the minor of Kong 3 that first brought them. */
const SINCE_3: readonly (readonly [minor: number, names: readonly string[]])[] = [
  [0, ['opentelemetry']],
  [
    6,
    [
      'ai-prompt-decorator',
      'ai-prompt-guard',
      'ai-prompt-template',
      'ai-proxy',
      'ai-request-transformer',
      'ai-response-transformer',
    ],
  ],
  [8, ['standard-webhooks']],
  [9, ['redirect']],
];

const OPENTELEMETRY_FIXED_BELOW_MINOR = 8; // it stayed at 0.1.0 through 3.7

function pluginVersion(name: string, version: string): string {
  const { major, minor } = traitsOf(version);
  if (major === 2) return SINCE_2[name] ?? '0.1.0';
  return name === 'opentelemetry' && minor < OPENTELEMETRY_FIXED_BELOW_MINOR ? '0.1.0' : version;
}

/**
 * The plugins that a Kong version ships and enables, sorted by name.
 * @param version For example `3.9.3`. The plugin versions given for 2.5 to 2.7 are those of 2.8.
 */
export function bundledPlugins(version: string): readonly string[] {
  const { major, minor } = traitsOf(version);
  const added = major < 3 ? [] : SINCE_3.filter(([since]) => minor >= since).flatMap(([, names]) => names);
  return [...Object.keys(SINCE_2), ...added].sort();
}

/** What a data plane of `version` reports for these plugins, sorted by lower-cased name as Kong does. */
export function reportedPlugins(names: readonly string[], version: string): readonly ReportedPlugin[] {
  const lower = (name: string): string => name.toLowerCase();
  return [...new Set(names)]
    .sort((a, b) => (lower(a) < lower(b) ? -1 : 1))
    .map((name) => ({ name, version: pluginVersion(name, version) }));
}
