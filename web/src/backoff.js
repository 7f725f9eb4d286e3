/**
 * When to reconnect after a connection ended. Pure functions.
 */

/** The first pause and the longest, in milliseconds. */
const FIRST = 500;
const LONGEST = 30_000;

/** The pause after a 41xx close that names none: the server asks the client to wait. */
const REST = 5_000;

/**
 * The pause before another attempt. It doubles from half a second to thirty seconds, and is a random value of its upper
 * half, so that a thousand clients of a lost server do not reconnect at the same moment.
 * @param {number} attempt  0 for the first
 * @param {() => number} random  from 0 to 1, without 1
 * @returns {number} milliseconds
 */
export function pause(attempt, random) {
  const most = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 20));
  return Math.round(most * (0.5 + random() / 2));
}

/**
 * Returns the pause before reconnecting after a close.
 * @param {number} code  the close code, as the server's `bye` or the close frame gave it
 * @param {number} retryAfter  milliseconds the server asked for, 0 for none
 * @param {number} attempt  how many attempts failed in a row
 * @param {() => number} random
 * @returns {number|null} milliseconds, null for never
 */
export function comeBack(code, retryAfter, attempt, random) {
  if (code >= 4000 && code <= 4099) return null;
  const asked = Math.min(retryAfter, 10 * 60_000);
  if (code >= 4100 && code <= 4199) return Math.round((asked || REST) * (1 + random() / 2));
  if (asked) return Math.round(asked * (1 + random() / 2));
  // A restart: almost at once, but not all clients at the same moment. If the server does not answer then, as after any loss.
  if (code >= 4200 && code <= 4299 && attempt === 0) return Math.round(50 + 450 * random());
  return pause(attempt, random);
}
