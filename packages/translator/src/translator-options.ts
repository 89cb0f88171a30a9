/** All optional: the defaults are KIC's. */
export interface TranslatorOptions {
  /** Name of the IngressClass whose objects are translated. Default `kong`. */
  readonly ingressClass?: string;
  /** What the data planes run; decides how routes say what they match. Default `traditional_compatible`. */
  readonly routerFlavor?: 'traditional_compatible' | 'traditional' | 'expressions';
  /** E.g. `cluster.local`; appended to the names of Services that are targets themselves. Default none. */
  readonly clusterDomain?: string;
  /** Keep terminating endpoints, with weight 0. Default false. */
  readonly enableDrainSupport?: boolean;
  /** Enters every id. Default none. */
  readonly workspace?: string;
  /** Gates by name, as for KIC's `--feature-gates`; so far `KongServiceFacade` has an effect. Default: all off. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
}

/** The options that queries read, with defaults. */
export interface TranslationSettings {
  readonly ingressClass: string;
  readonly isExpressions: boolean;
  /** Empty for none. */
  readonly clusterDomain: string;
  readonly enableDrainSupport: boolean;
  /** Empty for none. */
  readonly workspace: string;
  readonly hasFacades: boolean;
}

export function settingsFor(options: TranslatorOptions): TranslationSettings {
  return {
    ingressClass: options.ingressClass ?? 'kong',
    isExpressions: options.routerFlavor === 'expressions',
    clusterDomain: options.clusterDomain ?? '',
    enableDrainSupport: options.enableDrainSupport ?? false,
    workspace: options.workspace ?? '',
    hasFacades: options.featureGates?.['KongServiceFacade'] ?? false,
  };
}
