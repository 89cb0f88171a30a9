import type { Clock } from '@koko/lifecycle';
import type { RouterFlavor } from '@koko/model';
import type { EventBody } from './events.ts';
import type { ConfigurationReader, PayloadKind, ReceivedConfiguration } from './received-configuration.ts';
import { FatalConfigurationError } from './running-configuration.ts';
import type { Outcome, RunningConfiguration } from './running-configuration.ts';
import type { VersionTraits } from './version-traits.ts';

/** What a data plane keeps from one connection to the next. */
export interface NodeState {
  readonly traits: VersionTraits;
  readonly clock: Clock;
  readonly hostname: string;
  readonly plugins: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** `host:port` of the control plane. */
  readonly controlPlane: string;
  readonly mtls: 'shared' | 'pki';
  readonly routerFlavor: RouterFlavor;
  readonly pingIntervalMs: number;
  /** How long the other side may say nothing; undefined when this data plane does not read anyway. */
  readonly silenceLimitMs: number | undefined;
  readonly running: RunningConfiguration;
  readonly reader: ConfigurationReader;
  emit(body: EventBody): void;
}

/** A frame's configuration on its way into force. */
export interface Offer {
  readonly bytes: Uint8Array;
  readonly kind: PayloadKind;
  /** What came beside the bytes, in wRPC; v1 has both inside. */
  readonly configHash?: string | undefined;
  readonly hashes?: object | undefined;
}

/** What became of an offer; `undecodable` and `fatal` cost a v1 data plane its connection. */
export type Applied =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'undecodable' | 'fatal'; readonly reason: string };

/** Decodes an offer, puts it into force if it is good, and tells about it. */
export async function applyOffer(state: NodeState, offer: Offer): Promise<Applied> {
  const startMs = performance.now();
  let received: ReceivedConfiguration;
  try {
    received = await state.reader.read(offer.bytes, offer.kind);
  } catch (error) {
    return { kind: 'undecodable', reason: `payload cannot be decoded: ${messageOf(error)}` };
  }
  if (!received.isReconfigure) return { kind: 'ignored' };
  try {
    const configHash = offer.kind === 'table' ? offer.configHash : received.configHash;
    const hashes = offer.kind === 'table' ? offer.hashes : received.hashes;
    const outcome = state.running.apply(received, configHash, hashes);
    const applyMs = Math.round((performance.now() - startMs) * 10) / 10;
    state.emit(outcome.event === 'configured' ? { ...outcome, applyMs } : outcome);
    return { kind: 'done', outcome };
  } catch (error) {
    if (!(error instanceof FatalConfigurationError)) throw error;
    return { kind: 'fatal', reason: error.message };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
