import type { Component } from '@koko/lifecycle';
import type { Configuration } from './configuration/settings.ts';
import type { CertificatePair } from './development-certificates.ts';

/** Further components to run beside the controller's own, made once its configuration is known. */
export type Extension = (facts: {
  readonly configuration: Configuration;
  readonly certificates: CertificatePair;
}) => readonly Component[];
