// Web Locks: what a page holds until it is closed or has crashed.
//
// Without them (a page that is not on https or localhost) every lock is free: the newest page owns the picture, and writes may
// be sent by two pages, which the server takes for the repeats that they are.

export type Held = () => void;

export const hold = (name: string): Promise<Held> => request(name, {}) as Promise<Held>;

/** Undefined if another page has it. */
export const tryHold = (name: string): Promise<Held | undefined> => request(name, { ifAvailable: true });

function request(name: string, options: LockOptions): Promise<Held | undefined> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const until = (lock: Lock | null) =>
      new Promise<void>((release) => resolve(lock ? release : (release(), undefined)));
    locks.request(name, options, until).catch(reject);
  });
}
