import { describe, expect, it } from '@jest/globals';
import { OpenWatch, ask, brief, withServer } from './running-server.ts';
import { widgets } from './widgets.ts';

const WIDGETS = '/apis/test.example/v1/namespaces/default/widgets';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widget = { apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { size: 1 } };

describe('custom kinds', () => {
  it('ends the watches of a kind that goes, after its objects', () =>
    withServer(async (server) => {
      server.objects.apply(widgets());
      server.objects.apply(widget);
      const watch = await OpenWatch.open(server, WIDGETS);
      server.objects.delete(widgets());
      expect((await watch.take(2)).map(brief)).toEqual(['ADDED w', 'DELETED w']);
      expect(await watch.line()).toBeUndefined();
      const { status, body } = await ask(server, 'GET', WIDGETS);
      expect([status, body]).toEqual([404, '404 page not found\n']);
    }));

  it('serves a kind only once its definition is established', async () => {
    const due: (() => void)[] = [];
    const clock = { now: () => 0, after: (_ms: number, callback: () => void) => (due.push(callback), () => undefined) };
    await withServer(
      async (server) => {
        const watch = await OpenWatch.open(server, DEFINITIONS);
        const timers = due.length;
        await ask(server, 'POST', DEFINITIONS, { body: widgets() });
        expect((await ask(server, 'GET', WIDGETS)).status).toBe(404);
        due[timers]?.();
        const [added, modified] = await watch.take(2);
        expect(added?.object.status).toBeUndefined();
        expect(modified?.object.status.conditions).toContainEqual(
          expect.objectContaining({ type: 'Established', status: 'True' }),
        );
        expect((await ask(server, 'GET', WIDGETS)).status).toBe(200);
        await watch.close();
      },
      { clock, establishDelayMs: 500 },
    );
  });

  it('counts generations by what is not status, and asks for the version in updates', () =>
    withServer(async (server) => {
      server.objects.apply(widgets());
      const { body } = await ask(server, 'POST', WIDGETS, { body: widget });
      const status = await ask(server, 'PUT', `${WIDGETS}/w/status`, { body: { ...body, status: { ready: true } } });
      expect(status.body).toMatchObject({ metadata: { generation: 1 }, status: { ready: true } });
      const blind = await ask(server, 'PUT', `${WIDGETS}/w`, { body: widget });
      expect([blind.status, blind.body.reason]).toEqual([422, 'Invalid']);
      const spec = { size: 2 };
      const { body: grown } = await ask(server, 'PUT', `${WIDGETS}/w`, { body: { ...status.body, spec } });
      expect(grown).toMatchObject({ metadata: { generation: 2 }, spec: { size: 2 }, status: { ready: true } });
    }));

  it('refuses a definition whose name does not say what it defines', () =>
    withServer(async (server) => {
      const { status, body } = await ask(server, 'POST', DEFINITIONS, {
        body: { ...widgets(), metadata: { name: 'gadgets.test.example' } },
      });
      expect([status, body.reason]).toEqual([422, 'Invalid']);
    }));
});
