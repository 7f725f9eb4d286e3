/**
 * What a text contains: links, many lines, or only a few emoji. Pure: the page makes nodes of the result.
 */

/** @typedef {{text: string, href: string}} Piece  `href` is empty for plain text */

/** An address longer than this, in characters, is not shown as a link: it may be made to keep the browser busy. */
const LONGEST = 2_000;

/** A text with more than this, in characters or in lines, is long. */
const CHARACTERS = 3_000;
const LINES = 25;

/** Returns what is sent of what was typed: without empty lines around it and spaces at its end. @param {string} typed */
export function bare(typed) {
  return typed.replace(/^(?:[^\S\n]*\n)+/u, '').trimEnd();
}

/** A character that shows something by itself. U+2800, U+FFFC and U+1D159 are symbols without a picture. */
const SHOWN = /[^\p{White_Space}\p{Cc}\p{Cf}\p{M}\p{DI}\p{NChar}\u2800\ufffc\u{1d159}]/u;

/**
 * Whether a reader would see anything of a text. The server has the same rule (`chat.ShowsSomething`);
 * internal/chat/testdata/texts.jsonl holds both to it.
 * @param {string} text
 */
export const shows = (text) => SHOWN.test(text);

/** Whether a text is long, so that the page shows it in a box that scrolls. @param {string} text */
export function isLong(text) {
  return text.length > CHARACTERS || (text.match(/[\n\v\f\r\u0085\u2028\u2029]/gu)?.length ?? 0) > LINES;
}

/**
 * What an address may hold: letters, marks, digits and symbols of any script, the punctuation of ASCII, and the few signs of
 * other scripts that stand inside a word (· ・ ’ ׳ ״ ־ ‐ ‑ –). All other punctuation ends it, since many scripts write no
 * space after theirs, and so does what cannot be seen, but for the joiners inside words of some scripts.
 */
const ADDRESS = /https?:\/\/(?:(?![`<>"\\]|(?![\u200c\u200d])\p{DI})[\p{L}\p{M}\p{N}\p{S}\u200c\u200d!#$%&'()*+,\-./:;=?@[\]_{}·・’׳״־‐‑–])+/giu;

/** What ends an address only at its end: punctuation of sentences and of Markdown, and what stands inside words alone. */
const TAIL = /[.,;:!?'*|^·・’׳״־‐‑–\u200c\u200d]/u;

/** The marks of Markdown that may stand around an address. */
const MARKS = /(?:\*+|_+|~+|\|+)$/u;

const BRACKETS = /** @type {Record<string, string>} */ ({ ')': '(', ']': '[', '}': '{' });

/**
 * Cuts a text into plain pieces and links. Only http and https are links; everything else stays text.
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (match[0].length > LONGEST || /[a-z0-9]/iu.test(text[match.index - 1] ?? '')) continue;
    const before = text.slice(Math.max(0, match.index - 3), match.index);
    const link = withoutTail(withoutMarks(balanced(match[0]), MARKS.exec(before)?.[0] ?? ''));
    const href = address(link);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: '' });
    found.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: '' });
  return found;
}

/** Cuts at the first bracket that closes one before the address: `[here](https://a.org)`. @param {string} link */
function balanced(link) {
  const open = /** @type {Record<string, number>} */ ({ '(': 0, '[': 0, '{': 0 });
  for (let i = 0; i < link.length; i++) {
    const opener = BRACKETS[link[i]];
    if (link[i] in open) open[link[i]]++;
    else if (opener && open[opener]-- === 0) return link.slice(0, i);
  }
  return link;
}

/**
 * Cuts at the marks that stand before the address as well: `**https://a.org**`. A single one may belong to the address, so
 * only its last place counts.
 * @param {string} link @param {string} marks
 */
function withoutMarks(link, marks) {
  if (marks === '') return link;
  const at = marks.length > 1 || marks === '*' ? link.indexOf(marks) : link.lastIndexOf(marks);
  const inside = marks.length === 1 && marks !== '*' && /[\p{L}\p{N}/]/u.test(link[at + 1] ?? '');
  return at < 0 || inside ? link : link.slice(0, at);
}

/** Cuts off the punctuation that belongs to the sentence: `(see https://a.org/b).` @param {string} link */
function withoutTail(link) {
  let end = link.length;
  while (end > 0 && TAIL.test(link[end - 1])) end--;
  return link.slice(0, end);
}

/** @param {string} link @returns {string} */
function address(link) {
  try {
    const url = new URL(link);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname ? url.href : '';
  } catch {
    return '';
  }
}

/** One to five: flags of two letters, keycaps, pictures with their colours, joints and tags (Unicode TS 51, 1.4.9). */
const EMOJI = new RegExp([
  '^(?:(?:\\p{RI}{2}', '[0-9#*]\\ufe0f?\\u20e3',
  '\\p{ExtPict}(?:[\\ufe0f\\u{1f3fb}-\\u{1f3ff}\\u{e0020}-\\u{e007f}]|\\u200d\\p{ExtPict})*)\\s*){1,5}$',
].join('|'), 'u');

/** Whether a text is one to five emoji and nothing else. The page shows those larger. @param {string} text */
export function isEmoji(text) {
  const only = text.trim();
  if (only === '' || only.length > 40) return false;
  return EMOJI.test(only);
}
