/** Keys that belong to an input method, which turns what is typed into the letters of a script. */

/** What browsers give as `keyCode` of a key that went to an input method (UI Events, "Determine keydown / keyup keyCode"). */
const PROCESSED = 229;

/**
 * Whether a key went to an input method: Enter then accepts its suggestion, Escape drops it. Safari ends the composition
 * before the key's event, so that `isComposing` is false there, and only the code tells.
 * @param {KeyboardEvent} event
 */
export const composes = (event) => event.isComposing || event.keyCode === PROCESSED;

/**
 * Keeps such keys from all fields and forms in an element: no listener in it sees them, and Enter submits no form.
 * @param {HTMLElement} element
 */
export function shieldComposition(element) {
  element.addEventListener('keydown', (event) => {
    if (!composes(event)) return;
    event.stopPropagation();
    if (event.key === 'Enter' || event.key === 'Escape') event.preventDefault();
  }, { capture: true });
}
