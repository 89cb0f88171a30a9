import { describe, expect, it } from '@jest/globals';
import { bundledPlugins, reportedPlugins } from './bundled-plugins.ts';
import { protocolObjection, traitsOf } from './version-traits.ts';

describe('traitsOf', () => {
  it('knows when each version changed its ways', () => {
    const traits = (version: string): unknown[] => {
      const { maxPayloadBytes, sendsLabels, sendsProcessConfiguration, reportsEmptyHash } = traitsOf(version);
      return [maxPayloadBytes / 2 ** 20, sendsLabels, sendsProcessConfiguration, reportsEmptyHash];
    };
    expect(traits('2.5.2')).toEqual([4, false, false, false]);
    expect(traits('3.2.2')).toEqual([4, false, false, true]);
    expect(traits('3.3.1')).toEqual([4, true, false, true]);
    expect(traits('3.10.0')).toEqual([16, true, true, true]);
  });

  it.each(['2.4.1', '4.0.0', '3', 'three'])('refuses %s', (version) => {
    expect(() => traitsOf(version)).toThrow(RangeError);
  });

  it('knows which version speaks which protocol', () => {
    const speaks = (protocol: 'wrpc' | 'v1'): string[] =>
      ['2.8.5', '3.0.2', '3.1.1', '3.2.2', '3.9.3'].filter(
        (version) => protocolObjection(protocol, traitsOf(version)) === undefined,
      );
    expect(speaks('wrpc')).toEqual(['3.0.2', '3.1.1']);
    expect(speaks('v1')).toEqual(['2.8.5', '3.0.2', '3.2.2', '3.9.3']);
  });
});

describe('bundledPlugins', () => {
  it('has the numbers of plugins that the versions ship', () => {
    const counts = ['2.8.5', '3.0.2', '3.5.0', '3.6.1', '3.8.1', '3.9.3'].map(
      (version) => bundledPlugins(version).length,
    );
    expect(counts).toEqual([36, 37, 37, 43, 44, 45]);
  });

  it('reports plugins by lower-cased name, once each, with the versions that Kong gives them', () => {
    expect(reportedPlugins(['opentelemetry', 'cors', 'cors', 'Acl'], '3.7.1')).toEqual([
      { name: 'Acl', version: '3.7.1' },
      { name: 'cors', version: '3.7.1' },
      { name: 'opentelemetry', version: '0.1.0' },
    ]);
    expect(reportedPlugins(['key-auth'], '2.8.5')).toEqual([{ name: 'key-auth', version: '2.4.0' }]);
  });
});
