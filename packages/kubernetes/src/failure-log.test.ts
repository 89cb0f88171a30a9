import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@koko/lifecycle';
import { KeptLog } from '../test/kept-log.ts';
import { ApiError } from './api-error.ts';
import { FailureLog } from './failure-log.ts';

let clock: ManualClock;
let log: KeptLog;
let failures: FailureLog;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  log = new KeptLog();
  failures = new FailureLog(log, clock);
});

const forbidden = new ApiError('ERR_KUBERNETES_FORBIDDEN', 'Cannot list secrets');
const unreachable = new ApiError('ERR_KUBERNETES_UNREACHABLE', 'Cannot list secrets');
const warned = (): readonly unknown[] => log.at('warn').map(({ fields }) => [fields['code'], fields['object']]);

describe('FailureLog', () => {
  it('warns of each sort once a minute, and tells the rest to those who look closer', () => {
    for (const object of [1, 2, 3]) failures.warn(forbidden, 'Secret', { object }, 'Cannot');
    expect(warned()).toEqual([['ERR_KUBERNETES_FORBIDDEN', 1]]);
    expect(log.at('debug')).toHaveLength(2);
    clock.advance(60_000);
    failures.warn(forbidden, 'Secret', { object: 4 }, 'Cannot');
    expect(warned()).toHaveLength(2);
  });

  it('warns of each kind that may not be read, but of a server that is away only once', () => {
    for (const kind of ['Secret', 'Service']) failures.warn(forbidden, kind, { object: kind }, 'Cannot');
    for (const kind of ['Secret', 'Service']) failures.warn(unreachable, kind, { object: kind }, 'Cannot');
    expect(warned()).toEqual([
      ['ERR_KUBERNETES_FORBIDDEN', 'Secret'],
      ['ERR_KUBERNETES_FORBIDDEN', 'Service'],
      ['ERR_KUBERNETES_UNREACHABLE', 'Secret'],
    ]);
  });

  it('goes on warning when the clock is set back', () => {
    failures.warn(forbidden, 'Secret', {}, 'Cannot');
    clock.advance(-3_600_000);
    failures.warn(forbidden, 'Secret', {}, 'Cannot');
    expect(warned()).toHaveLength(2);
  });
});
