import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { certificateFile, keyFile, ScriptedControlPlane } from './scripted-control-plane.ts';

const bin = fileURLToPath(new URL('../bin/data-plane.mjs', import.meta.url));

describe('bin/data-plane.mjs', () => {
  it('runs from the sources, prints its events and ends with 0 at SIGTERM', async () => {
    const controlPlane = new ScriptedControlPlane();
    await controlPlane.start();
    const accepted = controlPlane.connection();
    const argv = ['--conditions=@koko/source', bin, '--control-plane', controlPlane.url, '--protocol', 'v1'];
    const child = spawn(process.execPath, [...argv, '--cert', certificateFile, '--key', keyFile, '--label', 'zone:a']);
    const exited = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const connection = await accepted;
    const info = JSON.parse((await connection.expect('binary')).toString()) as { labels: unknown };
    expect(info.labels).toEqual({ zone: 'a' });
    while (!output.includes('\n')) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    const events = output
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['connected', 'disconnected']);
    await controlPlane.stop();
  });

  it('ends quietly when whoever read its output has left', async () => {
    const controlPlane = new ScriptedControlPlane();
    await controlPlane.start();
    const accepted = controlPlane.connection();
    const argv = [
      '--conditions=@koko/source',
      bin,
      '--control-plane',
      controlPlane.url,
      '--protocol',
      'v1',
      '--verbose',
    ];
    const child = spawn(process.execPath, [
      ...argv,
      '--cert',
      certificateFile,
      '--key',
      keyFile,
      '--ping-interval',
      '0.01',
    ]);
    const exited = once(child, 'exit');
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await accepted;
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await exited).toEqual([0, null]);
    expect(errors).toBe('');
    await controlPlane.stop();
  });
});
