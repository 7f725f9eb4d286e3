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

/** Whether a text is long, so that the page shows it in a box that scrolls. @param {string} text */
export function isLong(text) {
  return text.length > CHARACTERS || (text.match(/[\n\v\f\r\u0085\u2028\u2029]/gu)?.length ?? 0) > LINES;
}

/**
 * Cuts a text into plain pieces and links. Only http and https are links; everything else stays text.
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"\u0000-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu)) {
    if (match[0].length > LONGEST) continue;
    const link = withoutTail(match[0]);
    const href = address(link);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: '' });
    found.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: '' });
  return found;
}

/** Cuts off the punctuation that belongs to the sentence: `(see https://a.org/b).` @param {string} link */
function withoutTail(link) {
  let end = link.length;
  while (end > 0) {
    const tail = link[end - 1];
    const closes = { ')': '(', ']': '[', '}': '{' }[tail];
    const kept = link.slice(0, end);
    if (closes && kept.split(closes).length >= kept.split(tail).length) break;
    if (!closes && !'.,;:!?\'»”’…'.includes(tail)) break;
    end--;
  }
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
