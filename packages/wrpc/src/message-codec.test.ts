import { describe, expect, it } from '@jest/globals';
import { messageCodecs } from './message-codec.ts';

const codec = messageCodecs({
  Inner: { fields: { name: { type: 'string', id: 1 } } },
  Sample: {
    oneofs: { outcome: { oneof: ['ok', 'error'] } },
    fields: {
      version: { type: 'uint64', id: 1 },
      list: { rule: 'repeated', type: 'Inner', id: 2 },
      inner: { type: 'Inner', id: 3 },
      ok: { type: 'string', id: 4 },
      error: { type: 'string', id: 5 },
    },
  },
});
interface Sample {
  version: number;
  list: { name: string }[];
  inner?: { name: string };
  ok?: string;
  error?: string;
}
const sample = codec<Sample>('Sample');

describe('message codec', () => {
  it('fills scalars and lists, and leaves absent messages and oneof members absent', () => {
    expect(sample.decode(new Uint8Array(0))).toEqual({ version: 0, list: [] });
    expect(Object.keys(sample.decode(new Uint8Array(0)))).not.toContain('inner');
  });

  it('reads back what it wrote, large numbers included', () => {
    const message = { version: 2 ** 40, list: [{ name: 'a' }], inner: { name: 'b' }, error: 'no' };
    expect(sample.decode(sample.encode(message))).toEqual(message);
  });

  it('does not write proto3 defaults', () => {
    expect(sample.encode({ version: 0, list: [] })).toHaveLength(0);
  });

  it('names the message when encoding or decoding fails', () => {
    const wrong = { version: 'x', list: [] } as unknown as Sample; // a caller without types
    expect(() => sample.encode(wrong)).toThrow(/Cannot encode Sample: version/);
    expect(() => sample.decode(Buffer.from('0a', 'hex'))).toThrow(/Cannot decode Sample/);
  });
});
