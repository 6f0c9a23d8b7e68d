// Globals of a page that a server, a worker or React Native lacks.

/** Options of `addEventListener` that end the subscription. */
export interface ListenerOptions {
  signal: AbortSignal;
}

interface Target {
  addEventListener?(type: string, listener: (event: any) => unknown, options: ListenerOptions): void;
}

export const page: Target & { document?: Target & { visibilityState: string }; navigator?: { onLine?: boolean } } = globalThis as any;
