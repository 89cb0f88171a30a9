#!/usr/bin/env -S node --conditions=@koko/source --max-semi-space-size=8
// The V8 flag above keeps the young generation small: docs/decisions/0004-memory-given-back-after-the-start.md
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `iic needs Node.js 24 or later, but ${process.version} is running. In a checkout, run \`npm ci\` and start it by \`npx iic\`.\n`,
  );
  process.exit(1);
}
const { existsSync } = await import('node:fs');
const sources = new URL('../src/main.ts', import.meta.url); // in a checkout; a published package has the built file instead
await import(existsSync(sources) ? sources.href : new URL('../main.js', import.meta.url).href);
