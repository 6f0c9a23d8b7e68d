/** The response to an event; `errors` maps a field, or a `$…` key for the request as a whole, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/**
 * The arguments of an event. Every variant ends with the ack, because the stock client derives the result of `emitWithAck` from the last
 * argument; to ignore the ack, pass `() => {}`.
 */
export type EmitArgs<P, T, Extra = unknown> =
  | [payload: P, ack: (ack: Ack<T> & Extra) => void]
  | [payload: P, options: RequestOptions, ack: (ack: Ack<T> & Extra) => void];

/** The arguments of an event with an optional payload. */
export type OptionalEmitArgs<P, T, Extra = unknown> =
  | [ack: (ack: Ack<T> & Extra) => void]
  | EmitArgs<P | null, T, Extra>;

