/** Everything that bounds what the outside can take. Times in milliseconds. */
export interface DataPlaneServerLimits {
  readonly maxConnections: number;
  /** Connections of one node at a time; the oldest gives way. */
  readonly maxConnectionsPerNode: number;
  readonly handshakeTimeoutMs: number;
  /** From the TLS handshake to the end of the upgrade request. */
  readonly requestTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Largest frame to accept; data planes send some kilobytes. Decoding takes up to a hundred times as much memory. */
  readonly maxFrameBytes: number;
  /** From the upgrade to `basic_info` or `ReportMetadata`. */
  readonly greetingTimeoutMs: number;
  /** How long a first ping is waited for before deciding whether a data plane needs the configuration. */
  readonly firstPingWaitMs: number;
  /** Without any frame for so long, a data plane is taken for dead. */
  readonly silenceTimeoutMs: number;
  /** A data plane that has not taken a payload after so long is dropped. */
  readonly slowReaderTimeoutMs: number;
  /** How often silence and slowness are looked at. */
  readonly sweepIntervalMs: number;
  /** How long a closing connection may take. */
  readonly closeTimeoutMs: number;
  readonly maxNodes: number;
  /** How long a node that is away is remembered. */
  readonly purgeAfterMs: number;
}

/** @see Kong Gateway, `kong/constants.lua`, for the 5, 45 and 60 seconds, and its purge delay of 14 days */
export const defaultLimits: DataPlaneServerLimits = {
  maxConnections: 4096,
  maxConnectionsPerNode: 8,
  handshakeTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  maxHeaderBytes: 16 * 1024,
  maxFrameBytes: 1024 * 1024,
  greetingTimeoutMs: 5000,
  firstPingWaitMs: 250,
  silenceTimeoutMs: 45_000,
  slowReaderTimeoutMs: 60_000,
  sweepIntervalMs: 1000,
  closeTimeoutMs: 2000,
  maxNodes: 10_000,
  purgeAfterMs: 14 * 24 * 3600 * 1000,
};
