import { loadClusterAccess } from '@koko/kubernetes';
import type { ClusterAccess } from '@koko/kubernetes';
import { stringify } from 'yaml';
import type { ProcessContext } from '../command-line.ts';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import type { Configuration, SettingName } from '../configuration/settings.ts';
import { createController } from '../controller.ts';
import type { Controller } from '../controller.ts';
import { ensureCertificatePair, readCertificatePair, readText } from '../development-certificates.ts';
import type { CertificatePair } from '../development-certificates.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Extension } from '../extension.ts';
import { HeapCompaction } from '../heap-compaction.ts';
import { createLogger } from '../logging.ts';
import { isCoded } from '../coded-error.ts';

export interface RunRequest {
  readonly flags: Readonly<Partial<Record<SettingName, unknown>>>;
  /** A configuration file. */
  readonly file: string | undefined;
  /** Print the settings in force instead of running. */
  readonly onlyPrint: boolean;
}

/** `iic run`: serves until a signal comes or a component fails. */
export async function run(request: RunRequest, context: ProcessContext, extension?: Extension): Promise<ExitCode> {
  const { flags, file } = request;
  const configuration = await loadConfiguration({ flags, environment: context.env, file });
  if (request.onlyPrint) {
    context.stdout.write(stringify(configuration));
    return exitCodes.ok;
  }
  const certificates = await readCertificates(configuration);
  const ca = configuration['data-plane-ca'];
  const logger = createLogger(configuration, context);
  const clusterAccess = await accessFor(configuration);
  const controller = createController({
    configuration,
    ...(clusterAccess === undefined ? {} : { clusterAccess }),
    certificates,
    ...(ca === undefined ? {} : { dataPlaneCa: await readText(ca, 'certificates that sign data planes') }),
    ...replicaName(context),
    logger,
    extra: [
      { runnable: new HeapCompaction(logger), dependsOn: ['announcement'] },
      ...(extension?.({ configuration, certificates }) ?? []),
    ],
  });
  return runUntilSignal(controller, context);
}

async function runUntilSignal({ lifecycle, announcement }: Controller, context: ProcessContext): Promise<ExitCode> {
  const stop = new AbortController();
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals === 1) return stop.abort();
    context.stderr.write('iic: stopped at once by a second signal\n');
    context.exit(exitCodes.failed);
  };
  context.on('SIGINT', onSignal);
  context.on('SIGTERM', onSignal);
  try {
    await lifecycle.run(stop.signal);
    return exitCodes.ok;
  } catch (error) {
    if (!announcement.isMade && isCoded(error)) throw error; // its message says what to mend
    return exitCodes.failed; // the lifecycle has logged the cause
  } finally {
    context.off('SIGINT', onSignal);
    context.off('SIGTERM', onSignal);
  }
}

/** A Pod that is told its own name by the downward API may have another host name. */
function replicaName({ env }: ProcessContext): { readonly replicaName?: string } {
  const { POD_NAME: name } = env;
  return name === undefined || name === '' ? {} : { replicaName: name };
}

/** Access to a cluster, unless the objects come from manifests. */
async function accessFor({ manifests, kubeconfig }: Configuration): Promise<ClusterAccess | undefined> {
  if (manifests !== undefined) return undefined;
  return loadClusterAccess(kubeconfig === undefined ? {} : { file: kubeconfig });
}

async function readCertificates(configuration: Configuration): Promise<CertificatePair> {
  const {
    'generate-certificates': directory,
    'data-plane-certificate': certificate,
    'data-plane-key': key,
  } = configuration;
  if (directory !== undefined) return ensureCertificatePair(directory);
  if (certificate !== undefined && key !== undefined) return readCertificatePair(certificate, key);
  throw new Error('The configuration names no certificate, although it was checked to do so');
}
