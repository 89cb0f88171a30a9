import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../../shared/captures', import.meta.url));

/** A line of a capture, as far as these tests look at it. */
export interface Line {
  readonly n: number;
  readonly scene: string;
  readonly kind: 'http-request' | 'http-response' | 'frame' | 'eof' | 'mark';
  readonly conn: number;
  readonly path?: string;
  readonly method?: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly sni?: string;
  readonly alpn?: string | null;
  readonly dir?: 'dp>cp' | 'cp>dp';
  readonly opcode?: string;
  readonly altered?: boolean;
  readonly json?: Record<string, unknown>;
  readonly text?: string;
  readonly rpc?: string;
  readonly wrpc?: Record<string, unknown>;
  readonly message?: Record<string, unknown>;
  readonly config_table?: Record<string, unknown>;
}

export const hasCaptures = existsSync(folder);

/** Names of the capture files of hybrid mode v1 and wRPC. */
export const captureNames: readonly string[] = hasCaptures
  ? readdirSync(folder)
      .filter((name) => /^(v1|wrpc)-.*\.jsonl$/.test(name))
      .sort()
  : [];

export function readCapture(name: string): readonly Line[] {
  const text = readFileSync(join(folder, name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line); // the format of the folder's README
}
