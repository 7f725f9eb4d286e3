/**
 * What the browser keeps for us, or memory where it keeps nothing (blocked, full, some private windows).
 */

/** @typedef {{get(key: string): string|null, set(key: string, value: string): void, remove(key: string): void,
 *   keys(): string[]}} Store */

/**
 * @param {() => Storage|undefined} open  may throw: where storage is blocked, the mere access does
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
    // What could not be written is in memory, and wins until it can.
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

/** @returns {Store} one that ends with the page */
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
 * Reads a JSON object that was kept; what someone else put there, or half of it, counts as nothing.
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
