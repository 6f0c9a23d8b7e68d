// IndexedDB with promises.

// In milliseconds.
const OPEN_TIMEOUT = 3000;

export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    let late = false;
    // Some browsers never answer, and the page must start all the same.
    const timer = setTimeout(() => {
      late = true;
      reject(new DOMException("the database does not open", "TimeoutError"));
    }, OPEN_TIMEOUT);
    request.onupgradeneeded = () => {
      for (const store of ["meta", "rows", "writes"]) request.result.createObjectStore(store);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      if (late) request.result.close();
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });
}

/** Resolves when the transaction has been committed. */
export function completion(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new DOMException("the transaction was given up", "AbortError"));
  });
}
