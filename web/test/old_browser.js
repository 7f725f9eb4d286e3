/**
 * Takes away the built-ins that the oldest browsers of the floor do not have (Firefox 115 ESR, Safari 16.4, Chrome 109), so
 * that the modules are tested as those run them. Import it before anything else.
 *
 * The first browsers that have each one are from MDN's browser-compat-data.
 */

/** Names as written in code. `a.b` is a property of a global, `A#b` a method of A's instances. */
export const TOO_NEW = [
  'Array.fromAsync', 'Array#toSorted', 'Array#toReversed', 'Array#toSpliced', 'Array#with', 'Array#group', 'Array#groupToMap',
  'Object.groupBy', 'Map.groupBy', 'Map#getOrInsert', 'Map#getOrInsertComputed',
  'Set#union', 'Set#intersection', 'Set#difference', 'Set#symmetricDifference', 'Set#isSubsetOf', 'Set#isSupersetOf', 'Set#isDisjointFrom',
  'Promise.withResolvers', 'Promise.try', 'Error.isError', 'RegExp.escape', 'JSON.rawJSON', 'Math.sumPrecise', 'Math.f16round',
  'String#isWellFormed', 'String#toWellFormed', 'ArrayBuffer#transfer', 'ArrayBuffer#resize',
  'Uint8Array.fromBase64', 'Uint8Array.fromHex', 'Uint8Array#toBase64', 'Uint8Array#toHex', 'Uint8Array#setFromBase64',
  'Intl.Segmenter', 'Intl.DurationFormat', 'Iterator', 'Temporal', 'Float16Array', 'Atomics.waitAsync', 'SuppressedError', 'DisposableStack',
  'URL.canParse', 'URL.parse', 'AbortSignal.any', 'WebSocketStream', 'WebTransport', 'URLPattern', 'CloseWatcher', 'Sanitizer', 'Highlight',
  'navigation', 'scheduler', 'trustedTypes', 'requestIdleCallback', 'documentPictureInPicture', 'showOpenFilePicker', 'showSaveFilePicker',
  'Element#checkVisibility', 'Element#setHTML', 'Element#setHTMLUnsafe', 'Element#getHTML', 'Element#computedStyleMap', 'Element#moveBefore', 'Element#ariaNotify',
  'Element#scrollIntoViewIfNeeded', 'HTMLElement#showPopover', 'HTMLElement#hidePopover', 'HTMLElement#togglePopover', 'HTMLElement#editContext',
  'HTMLDialogElement#requestClose', 'HTMLInputElement#showPicker', 'Document#startViewTransition', 'Document#caretPositionFromPoint',
  'Navigator#userActivation', 'Navigator#userAgentData', 'Navigator#keyboard', 'Navigator#setAppBadge',
];

/** What people write instead of a call: events, attributes and syntax too new for the floor. */
export const TOO_NEW_TEXT = [
  /\bonscrollend\b|['"]scrollend['"]/, /['"]?\bpopover(?:target)?\b['"]?\s*[:=]/, /\bclosedby\b/, /\bcommandfor\b/,
  /\/[a-z]*v[a-z]*(?=[.;,)\s])(?<=[^\w*/ ]\/[dgimsuy]*v[dgimsuy]*)/, /\b(?:await )?using \w+ =/, /\bimport defer\b/, /\bwith \{ type:/,
];

/** What style.css must do without. What a browser may leave out without harm, such as text-wrap, is not among it. */
export const TOO_NEW_STYLE = [
  /:has\(/, /light-dark\(/, /color-mix\(/, /\boklch\(|\boklab\(/, /^\s*&|[{;]\s*&/m, /@scope\b/, /@starting-style\b/, /@property\b/, /\bsubgrid\b/,
  /\banchor\(|position-anchor/, /field-sizing/, /:popover-open/, /@container style/, /\b(?:sin|cos|tan|round|mod|rem)\((?=[^)]*[,/*])/,
];

/** @param {any} scope */
export function takeAway(scope, names = TOO_NEW) {
  for (const name of names) {
    const [owner, member] = name.split(/[.#]/);
    if (member === undefined) delete scope[owner];
    else if (name.includes('#')) delete scope[owner]?.prototype?.[member];
    else delete scope[owner]?.[member];
  }
  // The methods of iterators, which tsc refuses in src (tsconfig.json: lib) because they are written as those of arrays.
  const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  for (const name of ['map', 'filter', 'take', 'drop', 'flatMap', 'reduce', 'toArray', 'forEach', 'some', 'every', 'find']) delete iterators[name];
}

takeAway(globalThis);
