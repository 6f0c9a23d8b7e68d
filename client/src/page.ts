// What a page has and a server, a worker or React Native has not.

/** Until when something is listened to, as `addEventListener` takes it. */
export interface Until {
  signal: AbortSignal;
}

interface Target {
  addEventListener?(type: string, listener: (event: any) => unknown, until: Until): void;
}

export const page: Target & { document?: Target & { visibilityState: string }; navigator?: { onLine?: boolean } } = globalThis as any;
