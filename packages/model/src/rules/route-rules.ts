import { reportAt } from '../entity-problem.ts';
import { checkExpression } from '../expressions/check.ts';
import { checkRouteAddress } from '../expressions/ip-literal.ts';
import { checkRustRegex } from '../regex/rust.ts';
import type { Settings } from '../settings.ts';
import { isNonEmpty, quoted } from '../value.ts';
import type { Candidate, CompiledRule } from './compiled-rule.ts';
import { hasFailed, haveFailed, isFilled, refuse } from './compiled-rule.ts';
import type { Rule } from './rule.ts';

const classicFields = ['methods', 'hosts', 'paths', 'headers', 'snis', 'sources', 'destinations'];
const routerFields = ['id', 'protocols', ...classicFields, 'expression', 'regex_priority', 'priority'];
const withSni = ['grpcs', 'https', 'tls', 'tls_passthrough'];
const streamProtocols = ['tcp', 'tls', 'udp', 'tls_passthrough'];
const prefix = 'Router Expression failed validation: ';

export function matchers(rule: Extract<Rule, { readonly rule: 'matchers' }>, settings: Settings): CompiledRule {
  const fields = settings.flavor === 'expressions' ? [...rule.fields, 'expression'] : rule.fields;
  const message = rule.message.replace('%s', quoted(fields));
  return (candidate) => {
    const protocols = textList(candidate.entity['protocols']);
    if (rule.contains !== undefined && !protocols.includes(rule.contains)) return;
    if (rule.without?.some((protocol) => protocols.includes(protocol)) === true) return;
    if (hasFailed(candidate, 'protocols') || fields.some((name) => isFilled(candidate, name))) return;
    refuse(candidate, message);
  };
}

/** Server names can only be seen where TLS is. */
export const sniProtocols: CompiledRule = (candidate) => {
  const { protocols, snis } = candidate.entity;
  if (!isNonEmpty(snis) || !isComparable(candidate, protocols)) return;
  if (protocols.some((protocol) => withSni.includes(protocol))) return;
  if (!hasFailed(candidate, 'snis')) reportAt(candidate.context, ['snis'], 'ERR_FIELD_LENGTH', 'length must be 0');
  refuse(candidate, "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'");
};

/** An unknown protocol in the list does not keep the rule from applying; any other problem of the list does. */
function isComparable(candidate: Candidate, protocols: unknown): protocols is readonly string[] {
  if (!Array.isArray(protocols) || !protocols.every((item) => typeof item === 'string')) return false;
  return !candidate.context.problems.some(({ path }) => path[0] === 'protocols' && path.length === 1);
}

/** What the router compiles: the flavours that translate routes to expressions refuse what does not compile. */
export function routeExpression(settings: Settings): CompiledRule | undefined {
  if (settings.flavor === 'traditional' || (settings.flavor !== 'expressions' && !settings.atLeast('3.2')))
    return undefined;
  return (candidate) => {
    if (haveFailed(candidate, routerFields)) return;
    if (isFilled(candidate, 'expression')) checkOwnExpression(candidate, settings);
    else checkClassic(candidate, settings);
  };
}

function checkOwnExpression(candidate: Candidate, settings: Settings): void {
  const { expression, regex_priority: regexPriority, protocols } = candidate.entity;
  if (classicFields.some((name) => isFilled(candidate, name))) {
    const text =
      "cannot set 'expression' with 'methods', 'hosts', 'paths', 'headers', 'snis', 'sources' or 'destinations' simultaneously";
    refuse(candidate, prefix + text);
    return;
  }
  if (typeof regexPriority === 'number' && regexPriority !== 0)
    refuse(candidate, `${prefix}cannot set 'regex_priority' with 'expression' simultaneously`);
  const since37 = settings.atLeast('3.7');
  const isStream = textList(protocols).some((protocol) => streamProtocols.includes(protocol));
  const subsystem = isStream ? 'stream' : 'http';
  const problem = checkExpression(String(expression), { since37, subsystem: since37 ? subsystem : 'both' });
  if (problem !== undefined) refuse(candidate, prefix + problem);
}

function checkClassic(candidate: Candidate, settings: Settings): void {
  const { paths, headers, sources, destinations, priority } = candidate.entity;
  if (typeof priority === 'number' && priority !== 0 && classicFields.some((name) => isFilled(candidate, name)))
    refuse(candidate, `${prefix}cannot set 'priority' without 'expression'`);
  for (const path of textList(paths)) {
    if (path.startsWith('~')) checkPathRegex(candidate, path);
  }
  if (settings.atLeast('3.5') && headers !== null) checkHeaders(candidate, headers);
  for (const { ip } of [...endpoints(sources), ...endpoints(destinations)]) {
    if (typeof ip !== 'string') continue;
    const problem = checkRouteAddress(ip);
    if (problem !== undefined) refuse(candidate, `${prefix}'${ip}': ${problem}`);
  }
}

const pathCache = new Map<string, string | undefined>();
const pathCacheSize = 10_000;
const longestCachedPath = 1024;

function checkPathRegex(candidate: Candidate, path: string): void {
  let problem = pathCache.get(path);
  if (problem === undefined && !pathCache.has(path)) {
    // Kong writes named groups the way older engines want them; a look-behind becomes an unreadable name so.
    problem = checkRustRegex(`^${path.slice(1).replaceAll('?<', '?P<')}`);
    if (pathCache.size >= pathCacheSize) pathCache.clear();
    if (path.length <= longestCachedPath) pathCache.set(path, problem);
  }
  if (problem !== undefined) refuse(candidate, `${prefix}regex parse error: '${path}': ${problem}`);
}

function checkHeaders(candidate: Candidate, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null) return;
  for (const [name, values] of Object.entries(headers)) {
    const texts = textList(values);
    if (texts.length === 0) refuse(candidate, `${prefix}header '${name}' has no values`);
    for (const text of texts) {
      // Kong lower-cases the whole pattern: `\\D` is read as `\\d`, and `(?P<n>` does not compile.
      const problem = text.startsWith('~*') ? checkRustRegex(asciiLower(text.slice(2))) : undefined;
      if (problem !== undefined) refuse(candidate, `${prefix}regex parse error: header '${name}': ${problem}`);
    }
  }
}

function asciiLower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function endpoints(value: unknown): readonly { readonly ip?: unknown }[] {
  return Array.isArray(value) ? value.filter((item): item is object => typeof item === 'object' && item !== null) : [];
}
