import { ApiClient } from '@koko/kubernetes';
import type { ClusterAccess } from '@koko/kubernetes';
import { untilAborted } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';

/** The client of an API server, closed once everything that uses it has stopped. */
export class ClusterConnection implements Runnable {
  readonly name = 'cluster-connection';
  readonly client: ApiClient;
  readonly #access: ClusterAccess;
  readonly #logger: Logger;

  /** @param timeoutMs How long a request may take. Default: that of the client. */
  constructor(access: ClusterAccess, logger: Logger, timeoutMs?: number) {
    this.#access = access;
    this.#logger = logger;
    this.client = new ApiClient({ access, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#logger.info({ server: this.#access.server.host }, 'Follows the cluster of this API server');
    ready(); // requests connect by themselves, and try again where that fails
    await untilAborted(signal);
    this.client.close();
  }
}
