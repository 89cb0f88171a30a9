import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { EventPrinter } from './event-printer.ts';
import type { DataPlaneEvent, EntityChange } from './events.ts';

const stamp = { nodeId: 'n1', at: '2026-01-01T00:00:00.000Z' };

function linesOf(events: readonly DataPlaneEvent[], isVerbose = false): readonly string[] {
  const output = new PassThrough();
  const printer = new EventPrinter(output, isVerbose);
  for (const event of events) printer.print(event);
  return String(output.read() ?? '')
    .split('\n')
    .filter((line) => line !== '');
}

describe('event printer', () => {
  it('keeps lines readable whatever an entity holds', () => {
    const hosts = Array.from({ length: 5000 }, (_, index) => `host-${index}.example.com`);
    const change: EntityChange = { op: 'create', type: 'routes', name: 'r', hosts, expression: 'x'.repeat(100_000) };
    const rest = { hash: 'h', entities: {}, changeCount: 1, bytes: 1, applyMs: 1 };
    const [line = ''] = linesOf([{ ...stamp, event: 'configured', changes: [change], ...rest }]);
    expect(line.length).toBeLessThan(2000);
    const { changes } = JSON.parse(line) as { changes: EntityChange[] };
    expect(changes[0]?.['hosts']).toHaveLength(21);
    expect(changes[0]?.['hosts']).toContain('… (5000 items)');
    expect(changes[0]?.['expression']).toContain('… (100000 characters)');
  });

  it('prints a failure that goes on once, and again after a connection', () => {
    const failed = { ...stamp, event: 'failed', reason: 'refused', retryMs: 1 } as const;
    const connected = { ...stamp, event: 'connected', protocol: 'v1', url: 'u', version: '3.9.3', hash: 'h' } as const;
    const events = [failed, failed, connected, failed].map((event) => event as DataPlaneEvent);
    expect(linesOf(events).map((line) => (JSON.parse(line) as DataPlaneEvent).event)).toEqual([
      'failed',
      'connected',
      'failed',
    ]);
  });

  it('shows pings only when asked', () => {
    const pinged = { ...stamp, event: 'pinged', hash: 'h' } as const;
    expect(linesOf([pinged])).toHaveLength(0);
    expect(linesOf([pinged], true)).toHaveLength(1);
  });
});
