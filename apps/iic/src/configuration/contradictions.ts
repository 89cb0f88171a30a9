import type { Configuration } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** What parsed; what did not is missing, and reported elsewhere. */
type Parsed = Partial<Configuration>;

/** What settings say against each other, each with the settings to look at. */
export function contradictions(configuration: Parsed, environment: Environment): readonly string[] {
  return [
    ...sourceProblems(configuration, isInPod(environment)),
    ...certificateProblems(configuration),
    ...authenticationProblems(configuration),
    ...electionProblems(configuration),
  ];
}

/** Kubernetes sets this variable in every container. */
function isInPod(environment: Environment): boolean {
  return environment['KUBERNETES_SERVICE_HOST'] !== undefined;
}

function sourceProblems({ manifests, kubeconfig }: Parsed, isPod: boolean): readonly string[] {
  if (manifests !== undefined && kubeconfig !== undefined) return ['--manifests: goes without --kubeconfig; drop one'];
  if (manifests !== undefined || kubeconfig !== undefined || isPod) return [];
  return ['--manifests, --kubeconfig: name the directory that holds the Kubernetes objects, or the cluster to follow'];
}

function certificateProblems({
  'generate-certificates': generated,
  'data-plane-certificate': certificate,
  'data-plane-key': key,
}: Parsed): readonly string[] {
  const given = [certificate, key].filter((file) => file !== undefined).length;
  if (generated !== undefined && given > 0)
    return [
      '--generate-certificates: goes without --data-plane-certificate and --data-plane-key; drop one or the other',
    ];
  if (generated !== undefined || given === 2) return [];
  return [
    '--data-plane-certificate, --data-plane-key: both are needed; `iic certificates --out DIR` makes a pair for development',
  ];
}

function authenticationProblems({ 'data-plane-mtls': mtls, 'data-plane-ca': ca }: Parsed): readonly string[] {
  if (mtls === 'pki' && ca === undefined) return ['--data-plane-ca: needed with --data-plane-mtls pki'];
  if (mtls === 'shared' && ca !== undefined)
    return ['--data-plane-ca: has no effect with --data-plane-mtls shared; drop it'];
  return [];
}

function electionProblems(configuration: Parsed): readonly string[] {
  const problems: string[] = [];
  const { manifests, 'high-availability': availability, 'leader-election': isElecting } = configuration;
  if (availability === 'leader' && (isElecting === false || manifests !== undefined))
    problems.push('--high-availability leader: needs a cluster and --leader-election, by which the leader is found');
  const {
    'lease-duration-seconds': duration,
    'renew-deadline-seconds': deadline,
    'retry-period-seconds': period,
  } = configuration;
  if (duration === undefined || deadline === undefined || period === undefined) return problems;
  if (duration <= deadline || deadline <= period)
    problems.push(
      '--lease-duration-seconds, --renew-deadline-seconds, --retry-period-seconds: each must be larger than the next',
    );
  return problems;
}
