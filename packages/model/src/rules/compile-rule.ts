import type { Fields } from '../field.ts';
import type { Settings } from '../settings.ts';
import { caCertificate, certificateKey, certificateKinds, jwk } from './certificate-rules.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { allOrNone, atLeastOneOf, distinct, needs, onlyOneOf, when } from './field-rules.ts';
import { matchers, routeExpression, sniProtocols } from './route-rules.ts';
import type { Rule } from './rule.ts';
import { wasmFilters } from './wasm-rule.ts';

/** The function behind a rule, or undefined when it does not apply to the version or flavour. */
export function compileRule(rule: Rule, fields: Fields, settings: Settings): CompiledRule | undefined {
  switch (rule.rule) {
    case 'atLeastOneOf':
      return atLeastOneOf(rule);
    case 'onlyOneOf':
      return onlyOneOf(rule);
    case 'allOrNone':
      return allOrNone(rule);
    case 'distinct':
      return distinct(rule);
    case 'needs':
      return needs(rule);
    case 'when':
      return when(rule, fields, settings);
    case 'matchers':
      return matchers(rule, settings);
    case 'sniProtocols':
      return sniProtocols;
    case 'routeExpression':
      return routeExpression(settings);
    case 'certificateKey':
      return certificateKey(rule);
    case 'certificateKinds':
      return certificateKinds;
    case 'caCertificate':
      return caCertificate;
    case 'jwk':
      return jwk;
    case 'wasmFilters':
      return wasmFilters;
    default:
      return rule satisfies never;
  }
}
