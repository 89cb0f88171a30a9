import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_VERSIONS } from '@koko/api-server';

/** What there is to tell of a cluster that runs. */
export interface ClusterFacts {
  readonly url: string;
  /** The kubeconfig. */
  readonly file: string;
  /** Where certificates for data planes may be put; goes with the cluster. */
  readonly certificates: string;
  /** The folder with the server, and mostly with kubectl. */
  readonly binaries: string;
  /** How many CustomResourceDefinitions were installed. */
  readonly definitions: number;
  readonly hasExample: boolean;
}

/** Where the cluster is, and the next three commands to try. */
export function welcome({ url, file, certificates, binaries, definitions, hasExample }: ClusterFacts): string {
  const own = join(binaries, 'kubectl');
  const kubectl = existsSync(own) ? own : 'kubectl';
  const example = hasExample ? ', IngressClass "kong" and the shop of examples/quickstart in namespace "shop"' : '';
  return `Kubernetes ${SERVER_VERSIONS.kubernetes} listens on ${url}, with ${definitions} CRDs of IIC${example}.
Its kubeconfig, until it ends: ${file}

Try, in other terminals, each in the folder of this repository:

1. Follow the cluster, and serve it to data planes:
  npx iic run --kubeconfig ${file} \\
    --generate-certificates ${certificates} --data-plane-host 127.0.0.1 --health-host 127.0.0.1

2. Watch what a (simulated) data plane is given:
  npx data-plane --cert ${certificates}/cluster.crt --key ${certificates}/cluster.key

3. ${hasExample ? CHANGE : LOOK}
  export KUBECONFIG=${file}
  ${kubectl} ${hasExample ? PATCH : 'get namespaces'}

There is no controller manager: endpoints of Services are written by hand, and nothing but namespaces is cleaned up.
Ctrl-C ends it, and all that it holds is gone.
`;
}

const CHANGE = 'Change a path of the shop; the data plane has it at once:';
const LOOK = 'Look into the cluster:';
const PATCH = `-n shop patch ingress web --type json \\
    -p '[{"op":"replace","path":"/spec/rules/0/http/paths/0/path","value":"/basket"}]'`;
