import type { DataPlaneProtocol } from './version-traits.ts';

/** One thing that a data plane refuses a configuration for. */
export interface ConfigurationProblem {
  readonly code: string;
  /** Where in `config_table`, for example `['routes', 3, 'paths', 0]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** One entity that differs from the configuration before. Holds no secrets, whatever the entity does. */
export interface EntityChange {
  readonly op: 'create' | 'update' | 'delete';
  /** The collection, for example `routes`. */
  readonly type: string;
  readonly name: string;
  /** Of an update: the fields that differ. */
  readonly fields?: readonly string[];
  /** What tells people most about such an entity: `hosts` and `paths` of a route, `target` of a target. */
  readonly [shown: string]: unknown;
}

interface Stamped {
  readonly nodeId: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The probe of Kong 3.0 has chosen the protocol for the rest of its life. */
export interface ProbedEvent extends Stamped {
  readonly event: 'probed';
  readonly protocol: DataPlaneProtocol;
  readonly reason: string;
}

/** The WebSocket is open. */
export interface ConnectedEvent extends Stamped {
  readonly event: 'connected';
  readonly protocol: DataPlaneProtocol;
  readonly url: string;
  readonly version: string;
  /** What the first ping says. */
  readonly hash: string;
}

/** A ping is on its way. */
export interface PingedEvent extends Stamped {
  readonly event: 'pinged';
  readonly hash: string;
}

/** A configuration has arrived and waits to be applied; a newer one may yet take its place. */
export interface ReceivedEvent extends Stamped {
  readonly event: 'received';
  /** Of the frame or the encoded configuration in it. */
  readonly bytes: number;
  /** `performance.now()`, for measuring. */
  readonly monotonicMs: number;
}

/** A configuration was accepted. */
export interface ConfiguredEvent extends Stamped {
  readonly event: 'configured';
  readonly hash: string;
  /** Counts by collection. */
  readonly entities: Readonly<Record<string, number>>;
  /** The first of the changes, routes before others. */
  readonly changes: readonly EntityChange[];
  readonly changeCount: number;
  /** Accepted, but probably not what was meant. */
  readonly warnings?: readonly string[];
  readonly bytes: number;
  /** From the frame being read to the configuration being in force. */
  readonly applyMs: number;
}

/** A configuration with the hash that the data plane has already; a real one does not look at it. */
export interface UnchangedEvent extends Stamped {
  readonly event: 'unchanged';
  readonly hash: string;
}

/** A configuration was refused as a whole; the one before stays in force. */
export interface RefusedEvent extends Stamped {
  readonly event: 'refused';
  /** The hash that was offered. */
  readonly offeredHash: string | null;
  /** The hash that stays in force. */
  readonly hash: string;
  readonly problems: readonly ConfigurationProblem[];
  readonly problemCount: number;
}

/** A connection could not be made; another attempt follows. */
export interface FailedEvent extends Stamped {
  readonly event: 'failed';
  readonly reason: string;
  readonly retryMs: number;
}

/** An open connection ended; another attempt follows unless the data plane was stopped. */
export interface DisconnectedEvent extends Stamped {
  readonly event: 'disconnected';
  readonly reason: string;
  /** Absent when the data plane was stopped. */
  readonly retryMs?: number;
}

/** What a simulated data plane tells about itself. */
export type DataPlaneEvent =
  | ProbedEvent
  | ConnectedEvent
  | PingedEvent
  | ReceivedEvent
  | ConfiguredEvent
  | UnchangedEvent
  | RefusedEvent
  | FailedEvent
  | DisconnectedEvent;

type Unstamped<Event> = Event extends DataPlaneEvent ? Omit<Event, keyof Stamped> : never;

/** An event before node and time are added. */
export type EventBody = Unstamped<DataPlaneEvent>;
