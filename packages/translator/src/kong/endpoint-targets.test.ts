import { describe, expect, it } from '@jest/globals';
import { parseEndpointSlice } from '../kubernetes/endpoint-slice.ts';
import type { EndpointSlice } from '../kubernetes/endpoint-slice.ts';
import { parseKubernetesService } from '../kubernetes/kubernetes-service.ts';
import { nameTarget, sliceTargets } from './endpoint-targets.ts';
import { resolvePort } from './service-port.ts';

function service(ports: readonly object[]) {
  return parseKubernetesService({ spec: { ports } }, { kind: 'Service', namespace: 'shop', name: 'web' });
}

function slice(ports: readonly object[], endpoints: readonly object[]): EndpointSlice {
  return parseEndpointSlice({ ports, endpoints }, { kind: 'EndpointSlice', namespace: 'shop', name: 'web-1' });
}

function targetsOf(slices: readonly EndpointSlice[], enableDrainSupport = false) {
  const web = service([{ port: 80 }]);
  const resolution = resolvePort(web, '80');
  if (!('port' in resolution)) throw new Error(resolution.reason);
  return sliceTargets(slices, web, resolution.port, { enableDrainSupport });
}

describe('sliceTargets', () => {
  it('takes ready endpoints, those that do not say included', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'] },
      { addresses: ['10.0.0.2'], conditions: { ready: null } },
      { addresses: ['10.0.0.3'], conditions: { ready: false } },
    ];
    expect(targetsOf([slice([{ port: 8080 }], endpoints)])).toEqual([
      { target: '10.0.0.1:8080' },
      { target: '10.0.0.2:8080' },
    ]);
  });

  it('keeps terminating endpoints with weight 0 under drain support', () => {
    const endpoints = [{ addresses: ['10.0.0.1'], conditions: { ready: false, terminating: true } }];
    expect(targetsOf([slice([{ port: 8080 }], endpoints)])).toEqual([]);
    expect(targetsOf([slice([{ port: 8080 }], endpoints)], true)).toEqual([{ target: '10.0.0.1:8080', weight: 0 }]);
  });

  it('counts an endpoint of several slices once, but adds up what differs', () => {
    const ready = slice([{ port: 8080 }], [{ addresses: ['10.0.0.1'] }]);
    const draining = slice([{ port: 8080 }], [{ addresses: ['10.0.0.1'], conditions: { terminating: true } }]);
    expect(targetsOf([ready, ready])).toEqual([{ target: '10.0.0.1:8080' }]);
    expect(targetsOf([ready, draining], true)).toEqual([{ target: '10.0.0.1:8080', weight: 100 }]);
  });

  it('puts IPv6 addresses in brackets and takes the first address only', () => {
    expect(targetsOf([slice([{ port: 80 }], [{ addresses: ['2001:db8::1', '2001:db8::2'] }])])).toEqual([
      { target: '[2001:db8::1]:80' },
    ]);
  });

  it('skips slice ports of another name, of a protocol that the Service has not, or without a number', () => {
    const ports = [{ name: 'x', port: 1 }, { port: 2, protocol: 'UDP' }, {}];
    expect(targetsOf([slice(ports, [{ addresses: ['10.0.0.1'] }])])).toEqual([]);
  });
});

describe('nameTarget', () => {
  it('weighs 100 per protocol of the Service', () => {
    expect(nameTarget('web.shop.svc', service([{ port: 80 }]), 80)).toEqual([{ target: 'web.shop.svc:80' }]);
    const both = service([{ port: 53 }, { port: 53, protocol: 'UDP' }]);
    expect(nameTarget('dns.shop.svc', both, 53)).toEqual([{ target: 'dns.shop.svc:53', weight: 200 }]);
  });
});
