import type { MessageCodec } from './message-codec.ts';

/** One call that a service offers. */
export interface Method<Request, Response> {
  readonly id: number;
  readonly name: string;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

/** A numbered set of methods, known to both sides. */
export interface Service<
  Methods extends Readonly<Record<string, Method<unknown, unknown>>> = Readonly<
    Record<string, Method<unknown, unknown>>
  >,
> {
  readonly id: number;
  readonly name: string;
  readonly methods: Methods;
}

/** What a handler learns besides the request. */
export interface CallContext {
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal;
}

/** Answers a call; what it throws goes back to the caller as an error with that message. */
export type Handler<Request, Response> = (request: Request, context: CallContext) => Response | Promise<Response>;

/** Handlers of a service by method name; a method without one is answered with "Unhandled method". */
export type HandlersOf<S extends Service> = {
  readonly [Name in keyof S['methods']]?: S['methods'][Name] extends Method<infer Request, infer Response>
    ? Handler<Request, Response>
    : never;
};

/**
 * Describes a service, keeping the exact types of its methods.
 * @example
 * defineService({ id: 7, name: 'EchoService', methods: { echo: { id: 1, name: 'Echo', request, response } } })
 */
export const defineService = <const Methods extends Readonly<Record<string, Method<unknown, unknown>>>>(
  service: Service<Methods>,
): Service<Methods> => service;
