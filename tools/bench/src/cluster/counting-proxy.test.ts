import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { startCountingProxy } from './counting-proxy.ts';

it('counts what a client gets through the proxy, and ends with open connections', async () => {
  const server = createServer((_request, response) => void response.end('x'.repeat(100_000)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startCountingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    expect(await (await fetch(proxy.url)).text()).toHaveLength(100_000);
    expect(proxy.received()).toBeGreaterThan(100_000);
    expect(proxy.received()).toBeLessThan(101_000);
  } finally {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
  }
});
