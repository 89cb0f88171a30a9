import { EMPTY_HASH } from './multiset-hash.ts';

/** The protocols a data plane can be connected with. */
export type NodeProtocol = 'v1' | 'wrpc';

/** What checks have found; the values are those of Kong. `normal` does not mean that the configuration was applied. */
export type SyncStatus =
  | 'unknown'
  | 'normal'
  | 'kong_version_incompatible'
  | 'plugin_set_incompatible'
  | 'plugin_version_incompatible'
  | 'filter_set_incompatible';

/** Something that an operator should know of a node. */
export interface NodeProblem {
  readonly code: NodeProblemCode;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Codes of node problems; `docs/errors.md` lists them with their remedies. */
export type NodeProblemCode =
  | 'ERR_NODE_COLLECTION_UNKNOWN'
  | 'ERR_NODE_CONFIG_NOT_APPLIED'
  | 'ERR_NODE_CONFIG_REJECTED'
  | 'ERR_NODE_ENTITY_CHANGED'
  | 'ERR_NODE_ENTITY_OMITTED'
  | 'ERR_NODE_FRAME_INVALID'
  | 'ERR_NODE_FRAME_TOO_LARGE'
  | 'ERR_NODE_NOT_INTRODUCED'
  | 'ERR_NODE_PAYLOAD_OVER_DEFAULT'
  | 'ERR_NODE_PING_INVALID'
  | 'ERR_NODE_PLUGIN_MISSING'
  | 'ERR_NODE_ROUTES_MIXED'
  | 'ERR_NODE_SILENT'
  | 'ERR_NODE_SLOW'
  | 'ERR_NODE_VERSION_INCOMPATIBLE'
  | 'ERR_NODE_WRPC_CALL_REFUSED'
  | 'ERR_NODE_WRPC_FRAME_DROPPED';

/** A data plane, as the last connection showed it. */
export interface NodeRecord {
  readonly id: string;
  readonly hostname: string;
  readonly version: string;
  readonly ip: string;
  readonly protocol: NodeProtocol;
  readonly isConnected: boolean;
  /** The hash it reported last; 32 zeros before its first configuration. */
  readonly configHash: string;
  /**
   * The hash of the configuration it took last. It reports what it runs only with its next ping, over wRPC up to 30 s later;
   * undefined until something was sent.
   */
  readonly deliveredHash?: string;
  /** Milliseconds since 1970 of the last frame. */
  readonly lastSeen: number;
  readonly syncStatus: SyncStatus;
  readonly plugins: readonly { readonly name: string; readonly version: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly problems: readonly NodeProblem[];
}

/** What a connection says about its node; absent fields stay as they are. */
export type NodeUpdate = Partial<Omit<NodeRecord, 'id' | 'isConnected' | 'problems'>>;

interface HeldNode {
  record: Omit<NodeRecord, 'isConnected' | 'problems'>;
  connections: number;
  readonly problems: Map<string, NodeProblem>;
}

const MAX_PROBLEMS = 20;

/** Bounds of a {@link NodeRegistry}. */
export interface NodeRegistryLimits {
  readonly maxNodes: number;
  /** How long a node is remembered after it was seen last. */
  readonly purgeAfterMs: number;
}

/** All data planes known to this server. Forgets those that have been away long, and the longest away when it is full. */
export class NodeRegistry {
  readonly #nodes = new Map<string, HeldNode>();
  readonly #limits: NodeRegistryLimits;
  readonly #now: () => number;

  constructor(limits: NodeRegistryLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  list(): readonly NodeRecord[] {
    return [...this.#nodes.values()].map((node) => this.#recordOf(node));
  }

  find(id: string): NodeRecord | undefined {
    const node = this.#nodes.get(id);
    return node === undefined ? undefined : this.#recordOf(node);
  }

  /** @returns False when there is no room, because all known nodes are connected. */
  connect(identity: Pick<NodeRecord, 'id' | 'hostname' | 'version' | 'ip' | 'protocol'>): boolean {
    const known = this.#nodes.get(identity.id);
    if (known === undefined && !this.#makeRoom()) return false;
    const blank = { configHash: EMPTY_HASH, syncStatus: 'unknown', plugins: [], labels: {} } as const;
    const record = { ...blank, ...known?.record, ...identity, lastSeen: this.#now() };
    const node: HeldNode = known ?? { record, connections: 0, problems: new Map() };
    node.record = record;
    node.connections += 1;
    node.problems.clear(); // what a node was told before may be fixed now; what is not shows up again
    this.#nodes.delete(identity.id); // the map is in order of connection
    this.#nodes.set(identity.id, node);
    return true;
  }

  disconnect(id: string): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.connections -= 1;
  }

  update(id: string, update: NodeUpdate): void {
    const node = this.#nodes.get(id);
    if (node !== undefined) node.record = { ...node.record, ...update };
  }

  /**
   * Records a problem, once per code and `subject`.
   * @returns Whether it is news: a repetition need not be logged again.
   */
  report(id: string, code: NodeProblemCode, message: string, subject = ''): boolean {
    const problems = this.#nodes.get(id)?.problems;
    const key = `${code} ${subject}`;
    const before = problems?.get(key);
    if (problems === undefined || before?.message === message) return false;
    if (before === undefined && problems.size >= MAX_PROBLEMS) return false;
    problems.set(key, { code, message, since: before?.since ?? this.#now() });
    return true;
  }

  /** Forgets the problems of some codes. */
  clear(id: string, ...codes: readonly NodeProblemCode[]): void {
    const problems = this.#nodes.get(id)?.problems;
    for (const [key, problem] of problems ?? []) if (codes.includes(problem.code)) problems?.delete(key);
  }

  /** Forgets nodes that have not been seen for long. */
  purge(): void {
    const oldest = this.#now() - this.#limits.purgeAfterMs;
    for (const [id, node] of this.#nodes) {
      if (node.connections === 0 && node.record.lastSeen < oldest) this.#nodes.delete(id);
    }
  }

  #makeRoom(): boolean {
    if (this.#nodes.size < this.#limits.maxNodes) return true;
    for (const [id, node] of this.#nodes) if (node.connections === 0) return this.#nodes.delete(id);
    return false;
  }

  #recordOf(node: HeldNode): NodeRecord {
    return { ...node.record, isConnected: node.connections > 0, problems: [...node.problems.values()] };
  }
}
