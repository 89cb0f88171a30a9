import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import { generateCertificatePair } from 'iic';
import type { CertificatePair, Controller } from 'iic';
import { startOnCluster } from './quiet-controller.ts';

let api: ApiServer;
let certificates: CertificatePair;
const controllers: Controller[] = [];

beforeEach(async () => {
  certificates = await generateCertificatePair();
  api = new ApiServer();
  await api.start();
});

afterEach(async () => {
  for (const { lifecycle } of controllers.splice(0)) await lifecycle.stop();
  await api.stop();
});

/** One replica, with a short lease. */
async function start(settings: Record<string, string | number>): Promise<Controller> {
  const lease = { 'lease-duration-seconds': 1.5, 'renew-deadline-seconds': 1, 'retry-period-seconds': 0.1 };
  const controller = await startOnCluster(api.kubeconfig(), { ...lease, ...settings }, certificates);
  controllers.push(controller);
  return controller;
}

async function answer({ healthServer }: Controller, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${healthServer.port}${path}`);
}

async function untilReady(controller: Controller): Promise<void> {
  while ((await answer(controller, '/readyz')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('leadership', () => {
  it('lets the leader alone serve data planes, and another one once that has gone', async () => {
    const first = await start({ 'high-availability': 'leader' });
    await untilReady(first);
    const second = await start({ 'high-availability': 'leader' });
    const standby = await answer(second, '/readyz');
    expect([standby.status, await standby.text()]).toEqual([503, 'not ready; another replica leads\n']);
    expect([first.dataPlaneServer.port > 0, second.dataPlaneServer.port]).toEqual([true, 0]);
    const [one, two] = await Promise.all([first, second].map(async (it) => (await answer(it, '/status')).json()));
    expect([one, two]).toMatchObject([{ isLeading: true }, { isLeading: false }]);
    expect((two as { leader: string }).leader).toBe((one as { leader: string }).leader);

    await first.lifecycle.stop();
    await untilReady(second);
    expect(second.dataPlaneServer.port).toBeGreaterThan(0);
  });

  it('lets every replica serve data planes otherwise, and writes no Lease where nobody is elected', async () => {
    const first = await start({});
    const second = await start({});
    for (const controller of [first, second]) {
      expect((await answer(controller, '/readyz')).status).toBe(200);
      expect(controller.dataPlaneServer.port).toBeGreaterThan(0);
    }
    await first.lifecycle.stop();
    await second.lifecycle.stop();
    const leases = (): number => api.requests.count({ resource: 'leases' });
    const before = leases();
    const alone = await start({ 'leader-election': 'false' });
    expect([await (await answer(alone, '/status')).json(), leases()]).toMatchObject([{ isLeading: true }, before]);
    expect(before).toBeGreaterThan(0);
  });
});
