import type { DataPlaneEvent } from '../src/events.ts';
import type { SimulatedDataPlaneOptions } from '../src/options.ts';
import { SimulatedDataPlane } from '../src/simulated-data-plane.ts';
import { certificateFile, keyFile } from './scripted-control-plane.ts';

/** A data plane that runs until a test stops it, and everything it has told. */
export interface RunningPlane {
  readonly plane: SimulatedDataPlane;
  readonly events: readonly DataPlaneEvent[];
  /** The first event of that kind, past or to come. */
  event<Kind extends DataPlaneEvent['event']>(
    kind: Kind,
    index?: number,
  ): Promise<Extract<DataPlaneEvent, { event: Kind }>>;
  stop(): Promise<void>;
}

/** Starts a data plane that reconnects without delay. */
export function startPlane(options: Partial<SimulatedDataPlaneOptions> & { controlPlane: string }): RunningPlane {
  const events: DataPlaneEvent[] = [];
  const plane = new SimulatedDataPlane({
    certificate: certificateFile,
    key: keyFile,
    reconnectDelay: { minMs: 0, maxMs: 0 },
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  const controller = new AbortController();
  const done = plane.run(controller.signal, () => {});
  return {
    plane,
    events,
    async event<Kind extends DataPlaneEvent['event']>(kind: Kind, index = 0) {
      for (;;) {
        const found = events.filter((event) => event.event === kind)[index];
        if (found !== undefined) return found as Extract<DataPlaneEvent, { event: Kind }>; // by the filter
        await plane.until((event) => event.event === kind);
      }
    },
    async stop() {
      controller.abort();
      await done;
    },
  };
}
