import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

/** Jest transformer: removes types and keeps every line and column, so stack traces point into the sources. */
export default {
  process: (sourceText) => ({ code: stripTypeScriptTypes(sourceText) }),
  getCacheKey: (sourceText) => createHash('sha256').update(process.version).update(sourceText).digest('hex'),
};
