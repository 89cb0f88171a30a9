import type { Logger } from '@koko/lifecycle';
import type { ProblemChanges } from '@koko/manifests';
import type { Reconciliation } from '@koko/reconcilers';
import type { ObjectProblem } from '@koko/translator';
import { describeObjects } from './object-names.ts';

/** Most problems of one round that are logged one by one; a whole broken cluster would drown everything else. */
const MAX_LINES = 50;

/** Tells in the log what a round did: in short for those who look closely, and every problem that came or is gone. */
export function logReconciliation(logger: Logger, reconciliation: Reconciliation): void {
  const { objects, upserts, deletes, translateMs, writeMs, problemsAdded, problemsRemoved } = reconciliation;
  const tookMs = Math.round((translateMs + writeMs) * 10) / 10;
  if (upserts + deletes > 0) logger.debug({ objects, upserts, deletes, tookMs }, 'Configuration changed');
  const resolved = problemsRemoved.filter(({ message }) => !problemsAdded.some((added) => added.message === message));
  for (const problem of problemsAdded.slice(0, MAX_LINES)) {
    logger.warn({ code: problem.code, path: problem.path.join('.') }, problemText(problem));
  }
  for (const problem of resolved.slice(0, MAX_LINES))
    logger.info({ code: problem.code }, `Resolved: ${problemText(problem)}`);
  const left = Math.max(0, problemsAdded.length - MAX_LINES) + Math.max(0, resolved.length - MAX_LINES);
  if (left > 0) logger.warn({ left }, `${left} more problems came or went; see /status`);
}

function problemText({ objects, message }: ObjectProblem): string {
  return `${describeObjects(objects)}: ${message}`;
}

/** Tells in the log which problems of manifest files came and which are gone. */
export function logManifestProblems(logger: Logger, { added, removed }: ProblemChanges): void {
  for (const { code, message } of added.slice(0, MAX_LINES)) logger.warn({ code }, message);
  for (const { message } of removed.slice(0, MAX_LINES)) logger.info({}, `Resolved: ${message}`);
}
