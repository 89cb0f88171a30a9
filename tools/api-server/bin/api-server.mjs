#!/usr/bin/env -S node --conditions=@koko/source
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `api-server needs Node.js 24 or later, but ${process.version} is running. ` +
      'In a checkout, run `npm ci` and start it by `npx api-server`.\n',
  );
  process.exit(1);
}
const { existsSync } = await import('node:fs');
const source = new URL('../src/main.ts', import.meta.url); // only a checkout has it, a published package has the built file
await import(existsSync(source) ? source.href : new URL('../main.js', import.meta.url).href);
