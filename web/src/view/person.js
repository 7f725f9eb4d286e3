/** A user's colour and first letter. */

import { readable } from '../color.js';
import { el } from './dom.js';

/** @import { User } from '../protocol.js' */

/** The backgrounds behind names, as in style.css. */
export const BACKGROUND = { light: '#f2ede6', dark: '#231d21' };

/**
 * Sets the user's colour on an element, one for each colour scheme. style.css uses the one it needs.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} color
 * @returns {E}
 */
export function tint(element, color) {
  element.style.setProperty('--who-light', readable(color, BACKGROUND.light));
  element.style.setProperty('--who-dark', readable(color, BACKGROUND.dark));
  return element;
}

/** A flag of two letters, or a character with its marks and all that joiners attach to it. Firefox before 125 has no Intl.Segmenter. */
const LETTER = /^(?:\p{RI}{2}|.(?:[\p{M}\p{Emoji_Modifier}\u{e0020}-\u{e007f}]|\u200d\p{ExtPict})*)/su;

/** @param {string} name */
export const firstLetter = (name) => LETTER.exec(name)?.[0] ?? '';

/** @param {Pick<User, 'name'|'color'>} user */
export function avatar(user) {
  return tint(el('span', { class: 'avatar', 'aria-hidden': 'true' }, firstLetter(user.name).toUpperCase()), user.color);
}
