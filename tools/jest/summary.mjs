// Adds up what `count-reporter.mjs` wrote for each package.
import { existsSync, readFileSync, readdirSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const group of ['packages', 'apps', 'tools']) {
  for (const name of readdirSync(group)) {
    const file = `${group}/${name}/out-test/counts.json`;
    if (!existsSync(file)) continue;
    const counts = JSON.parse(readFileSync(file, 'utf8'));
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
if (total.passed === 0 || total.failed > 0) process.exitCode = 1;
