import protobuf from 'protobufjs/light.js';
import { reasonOf, WrpcError } from './wrpc-error.ts';

/** Turns one kind of message into protobuf bytes and back. */
export interface MessageCodec<Message> {
  readonly name: string;
  /** @throws {WrpcError} `ERR_WRPC_MESSAGE_INVALID` when a field has the wrong type. */
  encode(message: Message): Uint8Array;
  /**
   * Reads a message. Absent scalars come back as their proto3 defaults, absent lists as `[]`, absent messages and members
   * of a oneof stay absent. `bytes` fields are views on the input: copy what is kept longer than the input.
   * @throws {WrpcError} `ERR_WRPC_MESSAGE_INVALID` when the bytes are no such message.
   */
  decode(bytes: Uint8Array): Message;
}

/** A protobuf schema as protobufjs writes it in JSON: message and enum names to their fields or values. */
export type MessageSchema = Readonly<Record<string, protobuf.AnyNestedObject>>;

/**
 * Prepares the messages of one schema. The schema is a value, so nothing is read from disk: sources, package and bundle
 * behave alike.
 * @example
 * const codec = messageCodecs({ Ping: { fields: { hash: { type: 'string', id: 1 } } } });
 * const ping = codec<{ hash: string }>('Ping');
 */
export function messageCodecs(schema: MessageSchema): <Message extends object>(name: string) => MessageCodec<Message> {
  const root = protobuf.Root.fromJSON({ nested: { ...schema } });
  return <Message extends object>(name: string) => new ReflectedCodec<Message>(name, root.lookupType(name));
}

class ReflectedCodec<Message extends object> implements MessageCodec<Message> {
  readonly name: string;
  readonly #type: protobuf.Type;

  constructor(name: string, type: protobuf.Type) {
    this.name = name;
    this.#type = type;
  }

  encode(message: Message): Uint8Array {
    // protobufjs asks for an index signature; it only reads the fields of its schema.
    const fields = message as Readonly<Record<string, unknown>>;
    const reason = this.#type.verify(fields);
    if (reason !== null) throw new WrpcError('ERR_WRPC_MESSAGE_INVALID', `Cannot encode ${this.name}: ${reason}`);
    return this.#type.encode(fields).finish();
  }

  decode(bytes: Uint8Array): Message {
    try {
      const object = this.#type.toObject(this.#type.decode(bytes), { defaults: true, longs: Number });
      return withoutNulls(object) as Message; // the schema given with the type says which fields there are
    } catch (cause) {
      throw new WrpcError('ERR_WRPC_MESSAGE_INVALID', `Cannot decode ${this.name}: ${reasonOf(cause)}`, { cause });
    }
  }
}

/** protobufjs writes an absent message as null; here absent is absent. */
function withoutNulls(object: Record<string, unknown>): Record<string, unknown> {
  for (const [key, value] of Object.entries(object)) if (value === null) delete object[key];
  return object;
}
