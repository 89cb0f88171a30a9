/** Who a data plane says it is, in the query of its upgrade request. */
export interface NodeIdentity {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const version = /^\d+\.\d+\.\d+[\w.+-]*$/;
const MAX_CHARACTERS = 255;

/** Reads the query; a text says what is wrong with it. Data planes do not escape its values. */
export function parseNodeQuery(query: string): NodeIdentity | string {
  const values = new Map(
    query.split('&').map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? ([pair, ''] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
    }),
  );
  const id = values.get('node_id') ?? '';
  const nodeVersion = values.get('node_version') ?? '';
  const hostname = values.get('node_hostname') ?? '';
  if (id === '') return 'node_id is missing: a data plane must send its id, a UUID';
  if (!uuid.test(id)) return 'node_id is not valid: it must be a UUID';
  if (nodeVersion === '') return 'node_version is missing: a data plane must send its version';
  if (nodeVersion.length > MAX_CHARACTERS || !version.test(nodeVersion)) {
    return 'node_version is not valid: it must start with three numbers, such as 3.9.1';
  }
  if (hostname.length > MAX_CHARACTERS) return `node_hostname is not valid: it is over ${MAX_CHARACTERS} characters`;
  return { id: id.toLowerCase(), hostname, version: nodeVersion };
}
