/**
 * The browser's storage, or memory where the browser keeps nothing (blocked, full, some private windows).
 */

/** @typedef {{get(key: string): string|null, set(key: string, value: string): void, remove(key: string): void,
 *   keys(): string[]}} Store */

/**
 * @param {() => Storage|undefined} open  may throw: where storage is blocked, access to it throws
 * @returns {Store}
 */
export function openStore(open) {
  const memory = memoryStore();
  let storage;
  try {
    storage = open();
    storage?.getItem('salon');
  } catch {
    storage = undefined;
  }
  if (!storage) return memory;
  const kept = storage;
  return {
    // A value that could not be written is in memory, and counts until it can be written.
    get: (key) => memory.get(key) ?? kept.getItem(key),
    set(key, value) {
      try {
        kept.setItem(key, value);
        memory.remove(key);
      } catch {
        memory.set(key, value);
      }
    },
    remove(key) {
      memory.remove(key);
      kept.removeItem(key);
    },
    keys: () => [...new Set([...Object.keys(kept), ...memory.keys()])],
  };
}

/** @returns {Store} one that is gone with the page */
export function memoryStore() {
  /** @type {Map<string, string>} */
  const values = new Map();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => void values.set(key, value),
    remove: (key) => void values.delete(key),
    keys: () => [...values.keys()],
  };
}

/**
 * Reads a JSON object from the store; null when there is none or the value is something else.
 * @param {Store} store
 * @param {string} key
 * @returns {Record<string, any>|null}
 */
export function readObject(store, key) {
  try {
    const value = JSON.parse(store.get(key) ?? 'null');
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
