// IndexedDB by promises.

// How long a database may take to be opened, in milliseconds.
const DEADLINE = 3000;

export function database(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    let late = false;
    // Some browsers never answer; the page is not to wait for that.
    const timer = setTimeout(() => {
      late = true;
      reject(new DOMException("the database does not open", "TimeoutError"));
    }, DEADLINE);
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

export function ended(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error ?? new DOMException("the transaction was given up", "AbortError"));
  });
}
