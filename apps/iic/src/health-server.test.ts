import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HealthServer, plain } from './health-server.ts';

let stop: AbortController;
let server: HealthServer;
let running: Promise<void>;

beforeEach(async () => {
  stop = new AbortController();
  server = new HealthServer({ host: '127.0.0.1', port: 0, routes: { '/readyz': () => plain(200, 'ready') } });
  await new Promise<void>((resolve) => {
    running = server.run(stop.signal, resolve);
  });
});

afterEach(async () => {
  stop.abort();
  await running;
});

/** Sends the path as it is; `fetch` would mend it. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

describe('HealthServer', () => {
  it('answers its paths, with or without a query', async () => {
    expect([await statusOf('/readyz'), await statusOf('/readyz?verbose')]).toEqual([200, 200]);
  });

  it.each(['//', 'http://', '/\\', '*', '/__proto__', '/constructor', '/readyz/../..//'])(
    'answers 404 to %s, and lives on',
    async (path) => {
      expect(await statusOf(path)).toBe(404);
      expect(await statusOf('/readyz')).toBe(200);
    },
  );
});
