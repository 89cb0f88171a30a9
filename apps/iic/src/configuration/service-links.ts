type Environment = Readonly<Record<string, string | undefined>>;

const LINK_NAMES = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const LINK_VALUE = /^(tcp|udp|sctp):\/\//;

/**
 * Without the variables by which Kubernetes tells a container of the Services in its namespace. Those of a Service `iic-health`
 * begin as our settings do: IIC_HEALTH_SERVICE_HOST, and IIC_HEALTH_PORT=tcp://10.0.0.1:4200.
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function withoutServiceLinks(environment: Environment): Environment {
  const entries = Object.entries(environment);
  return Object.fromEntries(
    entries.filter(([name, value = '']) => name.startsWith('KUBERNETES_') || !isLink(name, value)),
  );
}

function isLink(name: string, value: string): boolean {
  return LINK_NAMES.test(name) || (name.endsWith('_PORT') && LINK_VALUE.test(value));
}
