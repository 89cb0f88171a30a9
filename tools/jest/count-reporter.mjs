import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes the counts of a run beside the package, where `summary.mjs` adds them up. */
export default class CountReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const folder = join(this.rootDir, 'out-test');
    mkdirSync(folder, { recursive: true });
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = results;
    writeFileSync(join(folder, 'counts.json'), JSON.stringify({ passed, failed, skipped }));
  }
}
