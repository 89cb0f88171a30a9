import { DataPlaneServer } from '@koko/data-plane-server';
import { ChangeFeed } from '@koko/event-server';
import { Lifecycle } from '@koko/lifecycle';
import { SqlitePersister } from '@koko/persister';
import { ConfigurationReconciler, StoreWriter } from '@koko/reconcilers';
import type { Reconciliation } from '@koko/reconcilers';
import { Store } from '@koko/store';
import { Translator } from '@koko/translator';
import type { CertificatePair } from 'iic';
import { MemorySource } from './memory-source.ts';

/** The components of IIC on a source in memory, with what they report of their own times. */
export interface ControllerUnderTest {
  readonly source: MemorySource;
  readonly translator: Translator;
  readonly store: Store;
  readonly server: DataPlaneServer;
  readonly lifecycle: Lifecycle;
  /** Of the newest change; each stage overwrites its own figure. */
  readonly stages: { translateMs: number; writeMs: number; viewMs: number; payloadMs: number; payloadBytes: number };
}

export function controllerUnderTest({ certificate, key }: CertificatePair): ControllerUnderTest {
  const source = new MemorySource();
  const store = new Store({ persister: new SqlitePersister() });
  const translator = new Translator({});
  const stages = { translateMs: 0, writeMs: 0, viewMs: 0, payloadMs: 0, payloadBytes: 0 };
  const onReconciled = ({ translateMs, writeMs }: Reconciliation): void => {
    Object.assign(stages, { translateMs, writeMs });
  };
  const reconciler = new ConfigurationReconciler({ source, translator, writer: new StoreWriter(store), onReconciled });
  const server = new DataPlaneServer({
    host: '127.0.0.1',
    port: 0,
    tls: { mode: 'shared', cert: certificate, key },
    feed: new ChangeFeed(store),
    clusterId: '3f4a1c52-8d0e-5b5c-9a67-2f0c6e1b7d11',
  });
  server.events.on('configurationChanged', ({ durationMs }) => (stages.viewMs = durationMs));
  server.events.on('payloadBuilt', ({ durationMs, sizeBytes }) => {
    stages.payloadMs = durationMs;
    stages.payloadBytes = sizeBytes;
  });
  const lifecycle = new Lifecycle({
    components: [
      { runnable: store },
      { runnable: reconciler, dependsOn: ['store'] },
      { runnable: server, dependsOn: ['configuration-reconciler'] },
    ],
  });
  return { source, translator, store, server, lifecycle, stages };
}
