import { reportedPlugins } from './bundled-plugins.ts';
import type { ProcessConfigurationOptions } from './process-configuration.ts';
import { processConfiguration } from './process-configuration.ts';

/** The first message of a v1 data plane, with the members that its version sends. */
export function basicInfo(options: ProcessConfigurationOptions): Readonly<Record<string, unknown>> {
  const { traits, plugins, labels } = options;
  return {
    type: 'basic_info',
    plugins: reportedPlugins(plugins, traits.version),
    ...(traits.sendsLabels ? { labels } : {}),
    ...(traits.sendsProcessConfiguration ? { process_conf: processConfiguration(options), filters: {} } : {}),
  };
}
