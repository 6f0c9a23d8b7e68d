/** The answer to an event; `errors` maps a field, or a `$…` key for the request as a whole, to a sentence. */
export type Ack<T> =
  | { ok: true; data: T; errors: Record<string, never> }
  | { ok: false; data: T | null; errors: Record<string, string> };

/**
 * What is emitted with an event. The ack stands last in every form, because the stock client's types take what `emitWithAck` resolves to from
 * there: whoever wants none passes `() => {}`.
 */
export type Emits<P, T, Beside = unknown> =
  | [payload: P, ack: (ack: Ack<T> & Beside) => void]
  | [payload: P, options: Options, ack: (ack: Ack<T> & Beside) => void];

/** The same for an event whose payload may be left out. */
export type EmitsOptional<P, T, Beside = unknown> =
  | [ack: (ack: Ack<T> & Beside) => void]
  | Emits<P | null, T, Beside>;

