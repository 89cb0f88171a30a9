import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeFrame, encodeFrame, framePieces, messageTypes } from './frame.ts';
import { WrpcError } from './wrpc-error.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('frames', () => {
  it('writes a call with the field numbers of Kong', () => {
    const bytes = encodeFrame({
      messageType: messageTypes.rpc,
      serviceId: 1,
      methodId: 3,
      sequence: 4,
      acknowledges: 0,
      deadlineSeconds: 300,
      payload: Buffer.from('abc'),
    });
    // 1: version 1; 2: { 1: type 2; 3: service; 4: method; 5: sequence; 7: deadline; 8: encoding; 9: payload }
    expect(bytes.toString('hex')).toBe('08011212080218012003280438ac0240014a03616263');
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(
        fc.tuple(uint32, uint32, uint32, uint32, uint32),
        fc.uint8Array({ maxLength: 400 }),
        (numbers, payload) => {
          const [serviceId, methodId, sequence, acknowledges, deadlineSeconds] = numbers;
          const head = { messageType: messageTypes.rpc, serviceId, methodId, sequence, acknowledges, deadlineSeconds };
          const read = decodeFrame(encodeFrame({ ...head, payload }));
          expect(read).toMatchObject(head);
          expect(Buffer.from(read.payload).equals(payload)).toBe(true);
          expect(read.payloadCount).toBe(1);
        },
      ),
    );
  });

  it('reads back as one payload what it wrote in pieces, and copies none of them', () => {
    const numbers = { serviceId: 1, methodId: 3, sequence: 4, acknowledges: 0, deadlineSeconds: 300 };
    const payload = ['a configuration', ' in ', 'pieces'].map((text) => Buffer.from(text));
    const pieces = framePieces({ messageType: messageTypes.rpc, ...numbers, payload });
    const read = decodeFrame(Buffer.concat(pieces));
    expect(read.payloadCount).toBe(1);
    expect(Buffer.from(read.payload).toString()).toBe('a configuration in pieces');
    expect(pieces.slice(1)).toEqual(payload);
    expect(pieces.slice(1).every((piece, index) => piece === payload[index])).toBe(true);
  });

  it('carries errors with type and description', () => {
    const head = { messageType: messageTypes.error, serviceId: 9, methodId: 9, sequence: 2, acknowledges: 7 };
    const error = { type: 2, description: 'Invalid service (or rpc)' };
    const read = decodeFrame(encodeFrame({ ...head, deadlineSeconds: 0, error }));
    expect(read).toMatchObject({ ...head, error, payloadCount: 0, encoding: 0 });
  });

  it('throws a WrpcError, and nothing else, on bytes that are no frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeFrame(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WrpcError);
        }
      }),
    );
    expect(() => decodeFrame(Buffer.alloc(0))).toThrow('version is 0');
    expect(() => decodeFrame(Buffer.from('0801', 'hex'))).toThrow('no payload');
  });
});
