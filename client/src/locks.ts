// Web Locks: a lock is held until the page is closed or has crashed.
//
// Without Web Locks (a page that is neither on https nor on localhost) every lock is free: the newest page owns the
// snapshot, and two pages may send the same write, which the server recognises as a repeat.

export type ReleaseLock = () => void;

export const acquireLock = (name: string): Promise<ReleaseLock> => request(name, {}) as Promise<ReleaseLock>;

/** Undefined if another page holds the lock. */
export const tryAcquireLock = (name: string): Promise<ReleaseLock | undefined> => request(name, { ifAvailable: true });

function request(name: string, options: LockOptions): Promise<ReleaseLock | undefined> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve, reject) => {
    const untilReleased = (lock: Lock | null) =>
      new Promise<void>((release) => resolve(lock ? release : (release(), undefined)));
    locks.request(name, options, untilReleased).catch(reject);
  });
}
