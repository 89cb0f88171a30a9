import { readFileSync } from 'node:fs';

/** A self-signed certificate for 127.0.0.1, of no use anywhere else. */
export const certificate = readFileSync(new URL('testdata/loopback.crt', import.meta.url), 'utf8');
export const key = readFileSync(new URL('testdata/loopback.key', import.meta.url), 'utf8');
