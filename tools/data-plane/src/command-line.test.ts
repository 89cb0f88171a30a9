import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { certificateFile, keyFile } from '../test/scripted-control-plane.ts';
import type { ProcessContext } from './command-line.ts';
import { runCommandLine } from './command-line.ts';

interface FakeProcess {
  readonly context: ProcessContext;
  readonly signals: EventEmitter;
  readonly output: () => string;
  readonly errors: () => string;
}

function fakeProcess(): FakeProcess {
  const signals = new EventEmitter();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const text = { stdout: '', stderr: '' };
  stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const context: ProcessContext = {
    stdout,
    stderr,
    on: (signal, listener) => signals.on(signal, listener),
    off: (signal, listener) => signals.off(signal, listener),
  };
  return { context, signals, output: () => text.stdout, errors: () => text.stderr };
}

const otherKeyFile = fileURLToPath(new URL('../test/testdata/other.key', import.meta.url));
const identity = ['--cert', certificateFile, '--key', keyFile];
/** Nothing listens on port 1, and no test can be given it by chance. */
const nobody = ['--control-plane', 'wss://127.0.0.1:1'];

describe('the command data-plane', () => {
  it.each([
    ['a missing certificate option', ['--key', keyFile], '--cert'],
    ['a certificate file that does not exist', ['--cert', '/nowhere/a.crt', '--key', keyFile], 'there is no such file'],
    [
      'a file without PEM',
      ['--cert', certificateFile, '--key', new URL(import.meta.url).pathname],
      'holds no PEM block',
    ],
    ['a URL that is none', [...identity, '--control-plane', 'nonsense'], 'it is no URL'],
    ['a URL of another scheme', [...identity, '--control-plane', 'http://127.0.0.1:1'], 'its scheme must be wss'],
    ['a URL with a path', [...identity, '--control-plane', 'wss://127.0.0.1:1/v1/wrpc'], 'give host and port only'],
    ['an unknown protocol', [...identity, '--protocol', 'v9'], 'Allowed choices are wrpc, v1'],
    ['a version that cannot speak the protocol', [...identity, '--version', '3.9.3'], 'does not speak wRPC'],
    ['a version that is none', [...identity, '--version', 'new'], 'expected three numbers'],
    [
      'one node id for many',
      [...identity, '--count', '2', '--node-id', '22222222-2222-4222-8222-222222222222'],
      '--count',
    ],
    ['a node id that is no UUID', [...identity, '--node-id', 'me'], 'it is no UUID'],
    ['a count that is none', [...identity, '--count', '1.5'], 'whole number'],
    ['more than one machine can hold', [...identity, '--count', '999999999'], 'at most 10000'],
    ['a time beyond what timers can do', [...identity, '--ping-interval', '99999999'], 'at most 2147483 seconds'],
    ['a duration beyond what timers can do', [...identity, '--duration', '99999999'], 'at most 2147483 seconds'],
    ['a delay beyond what timers can do', [...identity, '--reconnect-delay', '1-99999999'], 'at most 2147483 seconds'],
    ['a pause beyond what timers can do', [...identity, '--slow-reader', '99999999999'], 'at most 2147483000 ms'],
    ['certificate and key swapped', ['--cert', keyFile, '--key', certificateFile], 'were they swapped?'],
    [
      'a key of another certificate',
      ['--cert', certificateFile, '--key', otherKeyFile],
      'not the one of the certificate',
    ],
    [
      'a router flavor that the version does not have',
      [...identity, '--protocol', 'v1', '--version', '2.8.5', '--router-flavor', 'expressions'],
      'it knows traditional only',
    ],
    ['an unknown option', [...identity, '--nope'], "unknown option '--nope'"],
    ['an argument', [...identity, 'nope'], 'too many arguments'],
  ])('ends with 2 and a message for %s', async (_what, argv, message) => {
    const { context, errors, output } = fakeProcess();
    expect(await runCommandLine(argv, context)).toBe(2);
    expect(errors()).toContain(message);
    expect(output()).toBe('');
  });

  it('shows its options and ends with 0', async () => {
    const { context, output } = fakeProcess();
    expect(await runCommandLine(['--help'], context)).toBe(0);
    expect(output()).toContain('--control-plane <url>');
  });

  it.each(['SIGINT', 'SIGTERM'])('ends with 0 at %s, also while nobody answers, and says so once', async (signal) => {
    const { context, signals, output } = fakeProcess();
    const done = runCommandLine([...identity, ...nobody, '--reconnect-delay', '0.001'], context);
    while (output() === '') await new Promise((resolve) => setImmediate(resolve));
    signals.emit(signal);
    expect(await done).toBe(0);
    expect(signals.listenerCount(signal)).toBe(0);
    const lines = output().trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      event: 'failed',
      reason: expect.stringContaining('connection refused'),
    });
  });

  it('ends by itself after --duration', async () => {
    const { context } = fakeProcess();
    expect(await runCommandLine([...identity, ...nobody, '--duration', '0.01', '--count', '3'], context)).toBe(0);
  });
});
