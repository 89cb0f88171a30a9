import { describe, expect, it } from '@jest/globals';
import { eventName, eventNamespace } from './event-object.ts';
import type { EventContent } from './event-object.ts';

function content(name: string, other: Partial<EventContent> = {}, uid = 'uid-1'): EventContent {
  const object = { apiVersion: 'v1', kind: 'Ingress', metadata: { name, namespace: 'shop', uid } };
  return { object, reason: 'Failed', message: 'is bad', now: 0, ...other };
}

/** As Kubernetes checks names of Events. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

describe('the name of an Event', () => {
  it('is the same for the same object, reason and message, and another one for others', () => {
    const name = eventName(content('web'));
    expect(name).toMatch(/^web\.[0-9a-f]{16}$/);
    expect(eventName(content('web', { now: 5 }))).toBe(name);
    const others = [content('web', { reason: 'Other' }), content('web', { message: 'x' }), content('web', {}, 'uid-2')];
    expect(new Set([name, ...others.map(eventName)]).size).toBe(4);
  });

  it.each(['web', 'a.b-c.d', 'x'.repeat(253), `${'x'.repeat(235)}.y`, 'system:ADMIN', 'a..b', '-', '.', '!!', 'a-.b'])(
    'is one that Kubernetes takes, whatever the object is called: %s',
    (name) => {
      expect(eventName(content(name))).toMatch(SUBDOMAIN);
      expect(eventName(content(name)).length).toBeLessThanOrEqual(253);
    },
  );
});

describe('the namespace of an Event', () => {
  it('is that of the object, or the default one for objects without', () => {
    expect(eventNamespace(content('web').object)).toBe('shop');
    expect(eventNamespace({ apiVersion: 'v1', kind: 'IngressClass', metadata: { name: 'kong' } })).toBe('default');
  });
});
