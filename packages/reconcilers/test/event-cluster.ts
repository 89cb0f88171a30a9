import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectProblem, ObjectReference } from '@koko/translator';
import type { EventOutcome, EventReport, EventWriter, SeenEvent } from '../src/event-writer.ts';

export type Mood = 'well' | 'down' | 'refusing' | 'conflicting';

/** Events at a server, which outlive whoever writes them, each for an hour. */
export class EventCluster implements EventWriter {
  readonly events = new Map<string, SeenEvent>();
  readonly reports: EventReport[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly problems = new Set<ObjectProblem>();
  mood: Mood = 'well';
  attempts = 0;

  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.objects.get(referenceKey(reference));
  }

  put(reference: ObjectReference, uid = `uid of ${reference.name}`): void {
    const { kind, ...names } = reference;
    this.objects.set(referenceKey(reference), { apiVersion: 'v1', kind, metadata: { ...names, uid } });
  }

  async write(report: EventReport): Promise<EventOutcome> {
    await Promise.resolve();
    this.attempts += 1;
    if (this.mood === 'down') throw new Error('down');
    if (this.mood === 'conflicting') return { result: 'conflict' };
    if (this.mood === 'refusing') return { result: 'refused', error: new Error('forbidden') };
    const key = `${report.object.metadata.uid} ${report.reason} ${report.message}`;
    const before = this.events.get(key);
    const isYoung = before !== undefined && report.seen === undefined && report.now - before.lastAt < report.leastAgeMs;
    if (isYoung) return { result: 'present', seen: before };
    const seen = { count: (before?.count ?? 0) + 1, lastAt: report.now };
    this.events.set(key, seen);
    this.reports.push(report);
    return { result: 'written', seen };
  }
}
