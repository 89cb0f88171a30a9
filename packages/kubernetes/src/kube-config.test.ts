import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** In a process of its own, which has loaded nothing yet. */
async function run(script: string): Promise<string> {
  const main = `const { newKubeConfig } = await import(${JSON.stringify(new URL('./kube-config.ts', import.meta.url).href)}); ${script}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', main], {
    cwd: new URL('.', import.meta.url), // where client-node is found from
  });
  return stdout.trim();
}

describe('newKubeConfig', () => {
  it('loads no client of any API, and works without', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, nextLoad) => (loaded.push(url), nextLoad(url, context)) });
      const config = await newKubeConfig();
      config.loadFromClusterAndUser({ name: 'c', server: 'https://a' }, { name: 'u', token: 't' });
      const options = {};
      await config.applyToHTTPSOptions(options);
      const clients = loaded.filter((url) => /gen\\/models|undici/.test(url)).length;
      console.log(\`\${options.headers.Authorization} \${clients}\`); // a number by itself might come in colour`;
    expect(await run(script)).toBe('Bearer t 0');
  });

  it('leaves client-node whole for others', async () => {
    const script = `
      await newKubeConfig();
      const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node');
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name: 'c', server: 'https://a' }, { name: 'u', token: 't' });
      console.log(typeof config.makeApiClient(CoreV1Api).listNamespacedPod);`;
    expect(await run(script)).toBe('function');
  });
});
