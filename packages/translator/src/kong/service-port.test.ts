import { describe, expect, it } from '@jest/globals';
import { parseKubernetesService } from '../kubernetes/kubernetes-service.ts';
import { resolvePort } from './service-port.ts';

function resolved(spec: object, wanted: string): number | string {
  const service = parseKubernetesService({ spec }, { kind: 'Service', namespace: 'shop', name: 'web' });
  const resolution = resolvePort(service, wanted);
  return 'port' in resolution ? resolution.port.port : resolution.reason;
}

const spec = {
  ports: [
    { name: 'http', port: 80, targetPort: 'web' },
    { name: 'web', port: 81, targetPort: 8081 },
  ],
};

describe('resolvePort', () => {
  it('finds a port by number, by name, or by the name of its target port, the first of them', () => {
    expect(resolved(spec, '81')).toBe(81);
    expect(resolved(spec, 'http')).toBe(80);
    expect(resolved(spec, 'web')).toBe(80);
  });

  it('does not take a target port number for a port', () => {
    expect(resolved(spec, '8081')).toBe('it has the ports 80 (http), 81 (web)');
  });

  it('needs exactly one port where the Ingress names none', () => {
    expect(resolved({ ports: [{ port: 8080 }] }, 'implicitPort')).toBe(8080);
    expect(resolved(spec, 'implicitPort')).toContain('must say which');
    expect(resolved({}, 'implicitPort')).toBe('it has no ports');
  });

  it('takes any number of an ExternalName Service, and nothing else', () => {
    const external = { type: 'ExternalName', externalName: 'a.example.net', ports: [{ name: 'http', port: 80 }] };
    expect(resolved(external, '8443')).toBe(8443);
    expect(resolved(external, 'http')).toContain('needs a port number');
    expect(resolved(external, 'implicitPort')).toContain('needs a port number');
  });
});
