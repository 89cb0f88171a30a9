/** A condition over several fields, by name and as data; the functions stand in `run-rules.ts`. */
export type Rule =
  | { readonly rule: 'atLeastOneOf'; readonly fields: readonly string[] }
  | { readonly rule: 'onlyOneOf'; readonly fields: readonly string[] }
  | { readonly rule: 'allOrNone'; readonly fields: readonly string[] }
  | { readonly rule: 'distinct'; readonly fields: readonly [string, string] }
  /** When any of `input` is set, all of `input` and `needs` must be (`a.b` is a member of a record). */
  | { readonly rule: 'needs'; readonly input: readonly string[]; readonly needs: readonly string[] }
  /** When `field` has one of the values (an unset, not required field counts as any), `consequence` must hold for another. */
  | {
      readonly rule: 'when';
      readonly field: string;
      readonly is: readonly string[];
      readonly consequence: Consequence;
      readonly since?: string;
      readonly before?: string;
    }
  /** One of `fields` must be non-empty when a list holds `contains`, or none of its items is in `without`. */
  | {
      readonly rule: 'matchers';
      readonly contains?: string;
      readonly without?: readonly string[];
      readonly fields: readonly string[];
      readonly message: string;
    }
  | { readonly rule: 'sniProtocols' }
  | { readonly rule: 'routeExpression' }
  | { readonly rule: 'certificateKey'; readonly certificate: string; readonly key: string; readonly message: string }
  | { readonly rule: 'certificateKinds' }
  | { readonly rule: 'caCertificate' }
  | { readonly rule: 'jwk' }
  | { readonly rule: 'wasmFilters' };

/** What must hold for the second field of a `when` rule. */
export type Consequence =
  | { readonly field: string; readonly must: 'beNull' }
  | { readonly field: string; readonly must: 'beSet' }
  | { readonly field: string; readonly must: 'beSetAndLoadAsKey' }
  | { readonly field: string; readonly must: 'beOneOf'; readonly values: readonly string[] };
